"""What the scripts say, and how they are written."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.script_kit import ROOT

SCRIPTS = [
    path
    for path in [*sorted((ROOT / "script").iterdir()), ROOT / ".ci" / "run"]
    if path.is_file() and b"bash" in path.read_bytes()[:40]
]
NAMES = [str(path.relative_to(ROOT)) for path in SCRIPTS]
MESSAGES = (ROOT / "script" / "messages.sh").read_text(encoding="utf-8")

# key -> English, French, as they are written between quotes.
TEXTS = {
    key: (english, french[1:-1])
    for key, english, french in re.findall(
        r"^        (\w+)\)\n +EN='(.*)'\n +FR=(['\"].*['\"])\n +;;$", MESSAGES, flags=re.M
    )
}


def test_every_text_was_read() -> None:
    assert len(TEXTS) == MESSAGES.count(" EN='") - 1  # a `local`
    assert len(TEXTS) > 15


@pytest.mark.parametrize("key", TEXTS)
def test_twins(key: str) -> None:
    english, french = TEXTS[key]
    assert english
    assert french
    assert re.findall(r"%.|\\n", english) == re.findall(r"%.|\\n", french)
    assert set(re.findall(r"%(.)", english)) <= {"s"}


@pytest.mark.parametrize("key", TEXTS)
def test_french_typography_and_tone(key: str) -> None:
    english, french = TEXTS[key]
    assert not re.search(r"[^\u00a0 \n][;?!»]|[^\u00a0]»|«[^\u00a0]| [:;?!]", french)
    assert not re.search(r"\w:(?!/)", french)
    assert "·" not in french
    assert not re.search(r"\b(just|simpl[ey]|eas(y|ily)|obviously|failed)\b", english, re.I)
    assert not re.search(r"\b(simplement|facile\w*|il suffit|évidemment|échoué\w*)\b", french, re.I)


def test_every_text_is_used_and_every_key_has_its_text() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in SCRIPTS if path.name != "messages.sh"
    )
    code = re.sub(r"(^|\s)#.*", "", code)
    used = set(re.findall(r"\b(?:say|say_part|stop|phase|text_of) ([a-z_]+)\b", code))
    assert used == set(TEXTS)


@pytest.mark.parametrize("path", SCRIPTS, ids=NAMES)
def test_no_construct_that_bash_3_2_lacks(path: Path) -> None:
    code = re.sub(r"(^|\s)#.*", "", path.read_text(encoding="utf-8"))
    newer = (
        r"declare -[Agn]|local -n|mapfile|readarray|coproc|\|&|&>>|;;?&|\bwait -n|EPOCH|BASHPID"
        r"|\$\{\w+(\[@\])?(\^|,|@)|printf '%\(|\{\w+\}>|shopt -s (globstar|lastpipe)|\bread -[Ni]\b"
        r"|\$\{\w+: -|\[-1\]|\[\[ -v"
    )
    assert not (found := re.search(newer, code)), found
    # An empty array is "unbound" there.
    arrays = re.findall(r'(?<!\+)"\$\{(\w+)\[@\]\}"', code)
    assert set(arrays) <= {"missing", "command"}  # never empty where they stand


@pytest.mark.parametrize("path", SCRIPTS, ids=NAMES)
def test_bash_reads_it(path: Path) -> None:
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="no shellcheck on PATH")
@pytest.mark.parametrize("path", SCRIPTS, ids=NAMES)
def test_shellcheck_finds_nothing(path: Path) -> None:
    command = ["shellcheck", "--shell=bash", "--exclude=SC1091", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["start", "test", "lock"])
def test_it_can_be_typed(name: str) -> None:
    assert (ROOT / "script" / name).stat().st_mode & 0o111 == 0o111


def test_no_text_outside_its_place() -> None:
    for path in SCRIPTS:
        if path.name in ("setup.sh", "start", "test"):
            code = re.sub(r"(^|\s)#.*", "", path.read_text(encoding="utf-8"))
            assert not re.search(r"\becho \"?[A-Z]", code), path

"""The set-up that script/start and script/test share, on a machine that is played."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.script_kit import Kit, interrupt

SYNC = "sync --dev --python"
DATA = ".local/share/atelier"
NO_PROCESS = 4194305  # above the largest number that Linux gives


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """A workshop on a machine that has Python, git and a good pipenv."""
    kit = Kit(tmp_path)
    kit.pipenv("2026.10.3")
    return kit


@pytest.fixture
def bare(tmp_path: Path) -> Kit:
    """The same, without pipenv."""
    return Kit(tmp_path)


def syncs(kit: Kit) -> int:
    """Say how often packages were installed since the last time."""
    return sum(call.startswith("sync") for call in kit.calls())


# --- script/start ---------------------------------------------------------------------------------


def test_start_sets_up_and_hands_over(kit: Kit) -> None:
    kit.at = kit.base / "ailleurs"
    kit.at.mkdir()
    done = kit.run("script/start", "un projet", "--at", "10", "--lang", "fr", "")
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        "[start]",
        "[un projet]",
        "[--at]",
        "[10]",
        "[--lang]",
        "[fr]",
        "[]",
    ]
    assert (kit.base / "atelier.pwd").read_text().strip() == str(kit.at)
    assert kit.seen("atelier")["ATELIER_PIPENV"] == str(kit.bin / "pipenv")
    assert kit.calls() == ["--version", f"{SYNC} {kit.bin / 'python3'}"]
    assert (kit.base / "pipenv.pwd").read_text().strip() == str(kit.root)
    assert kit.seen("pipenv")["PIPENV_VENV_IN_PROJECT"] == "1"
    assert kit.seen("pipenv")["PIPENV_IGNORE_VIRTUALENVS"] == "1"
    assert "Installation des paquets" in done.err
    assert kit.left_behind() == []


def test_start_in_a_terminal_ends_in_the_lessons(kit: Kit) -> None:
    kit.run("script/start")
    master, slave = pty.openpty()
    try:
        subprocess.run(
            [str(kit.root / "script/start"), "--at", "10"],
            env=kit.environment,
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=subprocess.DEVNULL,
            timeout=30,
            check=True,
        )
        shown = os.read(master, 1000).decode().split()
    finally:
        os.close(slave)
        os.close(master)
    assert shown == ["[start]", "[--serve]", "[--at]", "[10]"]


def test_start_again_asks_nothing(kit: Kit) -> None:
    kit.run("script/start")
    kit.calls()
    kit.calls("python")
    begin = time.monotonic()
    done = kit.run("script/start")
    assert time.monotonic() - begin < 1
    assert (done.code, done.out, done.err) == (0, "[start]\n", "")
    assert kit.calls() == []
    assert len(kit.calls("python")) == 1  # that of .venv, to say that it is there
    assert kit.seen("atelier")["ATELIER_PIPENV"] == str(kit.bin / "pipenv")


def test_start_again_waits_for_nobody(kit: Kit) -> None:
    kit.run("script/start")
    (kit.root / ".venv.lock").mkdir()
    assert kit.run("script/start", ATELIER_PATIENCE="0").err == ""


def test_the_exit_code_is_that_of_the_tool(kit: Kit) -> None:
    kit.program(kit.base / "atelier", "#!/bin/sh\nexit 7\n")
    assert kit.run("script/start").code == 7


def test_start_works_through_a_relative_path_and_cdpath(kit: Kit) -> None:
    (kit.base / "script").mkdir()
    done = subprocess.run(
        ["bash", "script/start"],
        cwd=kit.root,
        env=kit.environment | {"CDPATH": str(kit.base)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "[start]\n"), done.stderr


# --- When the packages are installed anew ---------------------------------------------------------


@pytest.mark.parametrize("name", ["Pipfile.lock", "pyproject.toml"])
def test_a_new_lock_is_installed_over_the_old_one(kit: Kit, name: str) -> None:
    kit.run("script/start")
    (kit.root / ".venv" / "kept").touch()
    (kit.root / name).write_text("other\n")
    kit.calls()
    done = kit.run("script/start")
    assert kit.calls() == [f"{SYNC} {kit.root / '.venv/bin/python'}"]
    assert (kit.root / ".venv" / "kept").exists()
    assert "up to date" in done.err
    assert kit.run("script/start").err == ""


def test_a_moved_folder_is_made_anew(kit: Kit) -> None:
    kit.run("script/start")
    (kit.root / ".venv" / "kept").touch()
    kit.root = kit.root.rename(kit.base / "déplacé")
    assert kit.run("script/start").code == 0
    assert syncs(kit) == 2
    assert not (kit.root / ".venv" / "kept").exists()


def test_another_python_in_the_environment_is_made_anew(kit: Kit) -> None:
    kit.run("script/start")
    (kit.root / ".venv" / "kept").touch()
    (kit.base / "python.version").write_text("/usr 3.11.9\n")
    kit.run("script/start")
    assert syncs(kit) == 2
    assert not (kit.root / ".venv" / "kept").exists()


def test_a_python_that_is_gone_is_made_anew(kit: Kit) -> None:
    kit.run("script/start")
    python = kit.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(kit.base / "gone")
    assert kit.run("script/start").code == 0
    assert syncs(kit) == 2
    assert python.exists()


def test_a_half_made_environment_is_made_anew(kit: Kit) -> None:
    (kit.root / ".venv" / "lib" / "half").mkdir(parents=True)
    assert kit.run("script/start").code == 0
    assert syncs(kit) == 1
    assert not (kit.root / ".venv" / "lib").exists()


def test_an_update_that_stopped_is_made_anew(kit: Kit) -> None:
    kit.run("script/start")
    (kit.root / "Pipfile.lock").write_text("other\n")
    (kit.base / "error").write_text("no")
    assert kit.run("script/start").code == 1
    (kit.root / ".venv" / "half").touch()
    (kit.base / "error").unlink()
    assert kit.run("script/start").code == 0
    assert not (kit.root / ".venv" / "half").exists()


def test_a_sync_that_leaves_no_tool_has_not_gone_well(kit: Kit) -> None:
    kit.program(kit.bin / "pipenv", PIPENV_WITHOUT_RESULT)
    done = kit.run("script/start")
    assert done.code == 1
    assert "all is well" in done.err  # the end of the log
    assert kit.run("script/start").code == 1


PIPENV_WITHOUT_RESULT = """#!/bin/sh
echo "pipenv, version 2026.10.3, all is well"
"""


# --- Two at once, Ctrl-C, locks -------------------------------------------------------------------


def test_two_at_once_install_once(kit: Kit) -> None:
    (kit.base / "slow").write_text("10")
    processes = [kit.popen("script/start") for _ in range(4)]
    ends = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, ends
    assert [out for out, _ in ends] == ["[start]\n"] * 4
    assert syncs(kit) == 1
    assert sum("waiting for it" in err for _, err in ends) == 3
    assert kit.left_behind() == []


def test_several_at_once_over_an_abandoned_lock(kit: Kit) -> None:
    lock = kit.root / ".venv.lock"
    lock.mkdir()
    (lock / "owner").write_text(f"{NO_PROCESS} {os.uname().nodename}\n")
    (kit.base / "slow").write_text("3")
    processes = [kit.popen("script/start") for _ in range(4)]
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0] * 4
    assert syncs(kit) == 1
    assert kit.left_behind() == []


def test_a_lock_without_a_name_is_abandoned_after_a_minute(kit: Kit) -> None:
    lock = kit.root / ".venv.lock"
    lock.mkdir()
    assert kit.run("script/start", ATELIER_PATIENCE="1").code == 1
    os.utime(lock, (time.time() - 130,) * 2)
    assert kit.run("script/start", ATELIER_PATIENCE="1").code == 0
    assert kit.left_behind() == []


@pytest.mark.parametrize("host", [os.uname().nodename, "another-machine"])
def test_a_lock_that_is_held_is_waited_for(kit: Kit, host: str) -> None:
    lock = kit.root / ".venv.lock"
    lock.mkdir()
    pid = os.getpid() if host != "another-machine" else NO_PROCESS
    (lock / "owner").write_text(f"{pid} {host}\n")
    done = kit.run("script/start", ATELIER_PATIENCE="1", LANG="fr_FR.UTF-8")
    assert done.code == 1
    assert f"processus {pid}" in done.err
    assert str(lock) in done.err
    assert lock.exists()
    assert kit.calls() == []


def test_a_folder_that_refuses_to_be_written_is_named(kit: Kit) -> None:
    kit.program(kit.bin / "mkdir", "#!/bin/sh\nexit 1\n")
    done = kit.run("script/start")
    assert done.code == 1
    assert f"cannot be written to: {kit.root}" in done.err


def test_ctrl_c_leaves_nothing_and_the_next_one_works(kit: Kit) -> None:
    (kit.base / "slow").write_text("300")
    process = kit.popen("script/start")
    while not (kit.base / "begun").exists():
        assert process.poll() is None
        time.sleep(0.02)
    interrupt(process)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Run the same command again" in err
    assert kit.left_behind() == []
    (kit.root / ".venv" / "half").touch()
    (kit.base / "slow").unlink()
    assert kit.run("script/start").code == 0
    assert not (kit.root / ".venv" / "half").exists()


# --- The environment ------------------------------------------------------------------------------


def test_a_foreign_environment_reaches_nobody(kit: Kit) -> None:
    foreign = kit.base / "leur projet"
    kit.program(foreign / "bin" / "python3", "#!/bin/sh\nexit 1\n")
    kit.pipenv("2099.1.0", foreign / "bin")
    settings = {
        "VIRTUAL_ENV": str(foreign),
        "PATH": f"{foreign}/bin:{kit.environment['PATH']}:{foreign}/bin",
        "PYTHONHOME": "/nowhere",
        "PYTHONPATH": "/nowhere",
        "PIPENV_PIPFILE": "/nowhere/Pipfile",
        "PIPENV_CUSTOM_VENV_NAME": "theirs",
        "PIPENV_ACTIVE": "1",
        "PIPENV_PYTHON": "3.6",
        "PIP_TARGET": "/nowhere",
        "PIP_USER": "1",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "__PYVENV_LAUNCHER__": "/nowhere",
    }
    network = {
        "HTTPS_PROXY": "http://proxy.example:1",
        "PIP_CERT": "/cert",
        "PIP_INDEX_URL": "http://mirror.example/",
        "PIPENV_PYPI_MIRROR": "http://mirror.example/",
        "PIPENV_INSTALL_TIMEOUT": "99",
    }
    done = kit.run("script/start", **settings, **network)
    assert done.code == 0, done.err
    for program in ("pipenv", "atelier"):
        seen = kit.seen(program)
        assert str(foreign) not in "".join(seen.values())
        assert seen["PATH"] == kit.environment["PATH"]
        assert [name for name in settings if name in seen and name != "PATH"] in ([], ["PIP_USER"])
        assert seen.get("PIP_USER", "0") == "0"
        assert {name: seen[name] for name in network} == network
    assert f"active in this terminal ({foreign})" in done.err
    assert "deactivate" in done.err


def test_the_workshops_own_environment_is_no_foreign_one(kit: Kit) -> None:
    kit.run("script/start")
    assert kit.run("script/start", VIRTUAL_ENV=str(kit.root / ".venv")).err == ""


@pytest.mark.parametrize(
    ("arguments", "settings", "expected"),
    [
        ([], {}, "en"),
        ([], {"LANG": "fr_FR.UTF-8"}, "fr"),
        ([], {"LANG": "fr"}, "fr"),
        ([], {"LANG": "frr_DE.UTF-8"}, "en"),
        ([], {"LANG": "en_US", "LC_MESSAGES": "fr_CA@euro"}, "fr"),
        ([], {"LANG": "fr_FR", "LC_ALL": "C"}, "en"),
        (["--lang", "fr"], {"LANG": "en_US"}, "fr"),
        (["dossier", "--lang=en"], {"LANG": "fr_FR"}, "en"),
    ],
)
def test_the_language(
    kit: Kit, arguments: list[str], settings: dict[str, str], expected: str
) -> None:
    environment = {"LANG": "", "LC_ALL": "", "LC_MESSAGES": ""} | settings
    done = kit.bash(f"language {' '.join(arguments)}\necho $SPEAKS", **environment)
    assert done.out == f"{expected}\n"


# --- Python and git -------------------------------------------------------------------------------


def test_the_first_python_that_will_do(kit: Kit) -> None:
    (kit.bin / "python3.unfit").write_text("3.9.2")
    kit.program(kit.bin / "python3.12", (kit.bin / "python3").read_text())
    assert kit.run("script/start").code == 0
    assert kit.calls()[-1] == f"{SYNC} {kit.bin / 'python3.12'}"


def test_a_python_that_was_named(kit: Kit) -> None:
    named = kit.program(kit.base / "mon python", (kit.bin / "python3").read_text())
    assert kit.run("script/start", ATELIER_PYTHON=str(named)).code == 0
    assert kit.calls()[-1] == f"{SYNC} {named}"


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", "needs Python 3.11"), ("fr", "demande Python 3.11")],
)
def test_no_python(kit: Kit, lang: str, words: str) -> None:
    (kit.bin / "python3.unfit").write_text("3.9.2")
    older = kit.program(kit.bin / "python3.13", (kit.bin / "python3").read_text())
    older.with_name("python3.13.unfit").write_text("3.13.1, no ssl")
    done = kit.run("script/start", "--lang", lang)
    assert done.code == 1
    assert words in done.err
    assert f"{kit.bin / 'python3'} (3.9.2)" in done.err
    assert f"{older} (3.13.1, no ssl)" in done.err
    older.unlink()
    assert "ATELIER_PYTHON=" in done.err
    assert done.out == ""
    (kit.bin / "python3").unlink()
    assert words in kit.run("script/start", "--lang", lang).err
    assert kit.left_behind() == []


@pytest.mark.parametrize(
    ("patch", "code", "words"),
    [
        ("", 0, sys.executable),
        ("sys.version_info = (3, 10, 13)", 1, "3.10.13"),
        ("sys.version_info = (3, 15, 0)", 1, "3.15.0"),
        ("sys.version_info = (2, 7, 18)", 1, "2.7.18"),
        ("sys.version_info = (3, 14, 2)", 0, sys.executable),
        ("sys.implementation.name = 'pypy'", 1, "pypy"),
        ("sys.modules['sqlite3'] = None", 1, "no sqlite3"),
    ],
)
def test_what_is_asked_of_a_python(kit: Kit, patch: str, code: int, words: str) -> None:
    question = kit.bash('printf %s "$ASK_PYTHON"').out
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys\n{patch}\n{question}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert words in done.stdout


@pytest.mark.parametrize(("lang", "words"), [("en", "needs git"), ("fr", "demande git")])
def test_no_git(kit: Kit, lang: str, words: str) -> None:
    (kit.tools / "git").unlink()
    done = kit.run("script/start", "--lang", lang)
    assert done.code == 1
    assert words in done.err
    # On a Mac without Apple's tools there is a git, which only says so.
    kit.program(kit.bin / "git", "#!/bin/sh\nexit 1\n")
    assert words in kit.run("script/start", "--lang", lang).err


# --- pipenv ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2022.12.19", "2026.6.2", "no version at all"])
def test_an_old_pipenv_is_left_alone(bare: Kit, version: str) -> None:
    bare.pipenv(version)
    done = bare.run("script/start")
    assert done.code == 0, done.err
    ours = bare.home / DATA / "bin" / "pipenv"
    assert bare.seen("atelier")["ATELIER_PIPENV"] == str(ours)
    assert ours.resolve() == bare.home / DATA / "pipenv" / "bin" / "pipenv"
    assert version in (bare.bin / "pipenv").read_text()


def test_our_copy_needs_neither_pip_nor_ensurepip(bare: Kit) -> None:
    bare.run("script/start")
    made, installed = (c for c in bare.calls("python") if "-m venv" in c or "install" in c)
    folder = bare.home / DATA / "pipenv"
    assert made == f"{bare.bin / 'python3'} -m venv --without-pip {folder}"
    wheel = bare.root / "script" / "vendor" / "pip-1-py3-none-any.whl"
    assert installed.startswith(f"{folder}/bin/python {wheel}/pip install ")
    assert "--require-hashes" in installed
    assert installed.endswith(f"-r {bare.root}/script/vendor/pipenv.txt")


def test_our_copy_goes_where_the_machine_keeps_data(bare: Kit) -> None:
    place = bare.base / "mes données"
    bare.run("script/start", XDG_DATA_HOME=str(place))
    assert (place / "atelier" / "bin" / "pipenv").exists()
    shutil.rmtree(bare.root / ".venv")
    bare.run("script/start", XDG_DATA_HOME="relative/is/void")
    assert (bare.home / DATA / "bin" / "pipenv").exists()


def test_our_copy_is_found_again(bare: Kit) -> None:
    bare.run("script/start")
    shutil.rmtree(bare.root / ".venv")
    bare.calls("python")
    assert bare.run("script/start").code == 0
    assert not [call for call in bare.calls("python") if "-m venv" in call]


def test_our_copy_half_made_is_made_anew(bare: Kit) -> None:
    (bare.base / "error").write_text("no")
    assert bare.run("script/start").code == 1
    assert not (bare.home / DATA / "bin" / "pipenv").exists()
    (bare.home / DATA / "pipenv" / "half").touch()
    (bare.base / "error").unlink()
    assert bare.run("script/start").code == 0
    assert not (bare.home / DATA / "pipenv" / "half").exists()


def test_our_copy_without_its_python_is_made_anew(bare: Kit) -> None:
    bare.run("script/start")
    (bare.home / DATA / "pipenv" / "bin" / "python").unlink()
    bare.program(bare.home / DATA / "pipenv" / "bin" / "pipenv", "#!/nowhere/python\n")
    assert bare.run("script/start").code == 0
    assert (bare.home / DATA / "pipenv" / "bin" / "python").exists()


def test_two_workshops_make_one_copy(bare: Kit) -> None:
    shutil.copytree(bare.root, bare.base / "two" / "two")
    first = bare.popen("script/start")
    bare.root = bare.base / "two" / "two"
    second = bare.popen("script/start")
    for process in (first, second):
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert sum("-m venv" in call for call in bare.calls("python")) == 1
    assert bare.left_behind() == []


def test_locks_are_made_by_the_pipenv_that_the_workshop_names(kit: Kit) -> None:
    ours = kit.home / DATA / "pipenv" / "bin" / "pipenv"
    assert kit.run("script/lock", "--check").code == 0
    asked = kit.calls("python")
    assert sum("-m venv" in call for call in asked) == 1
    assert asked[-1] == f"{kit.bin / 'python3'} {kit.root}/script/lock.py --check"
    kit.pipenv("2026.9.0", ours.parent)  # good enough to install with
    kit.run("script/lock")
    assert sum("-m venv" in call for call in kit.calls("python")) == 1
    assert kit.left_behind() == []


def test_a_pipenv_that_comes_later_is_asked_once(kit: Kit) -> None:
    kit.run("script/start")
    other = kit.base / "other"
    kit.pipenv("2026.11.0", other)
    kit.calls()
    path = f"{other}:{kit.environment['PATH']}"
    kit.run("script/start", PATH=path)
    assert kit.seen("atelier")["ATELIER_PIPENV"] == str(other / "pipenv")
    kit.run("script/start", PATH=path)
    assert kit.calls() == ["--version"]


def test_pipenv_can_be_typed_in_a_terminal(bare: Kit) -> None:
    link = bare.home / ".local" / "bin" / "pipenv"
    path = f"{link.parent}:{bare.environment['PATH']}"
    done = bare.run("script/start", PATH=path)
    assert link.resolve() == bare.home / DATA / "pipenv" / "bin" / "pipenv"
    assert "PATH" not in done.err
    assert bare.run("script/start", PATH=path).err == ""


@pytest.mark.parametrize(
    ("shell", "file", "line"),
    [
        ("/bin/zsh", "~/.zshrc", 'export PATH="$HOME/.local/bin:$PATH"'),
        ("/bin/bash", "~/.bash", 'export PATH="$HOME/.local/bin:$PATH"'),
        ("/usr/bin/fish", "config.fish", 'fish_add_path --path --move "$HOME/.local/bin"'),
        ("", "~/.profile", 'export PATH="$HOME/.local/bin:$PATH"'),
    ],
)
def test_what_to_type_before_pipenv(bare: Kit, shell: str, file: str, line: str) -> None:
    for _ in range(2):  # each time, until it is done
        done = bare.run("script/start", SHELL=shell, LANG="fr_FR.UTF-8")
        assert f"\n    {line}\n" in done.err
        assert file in done.err
    assert bare.run("script/start", CI="true").err == ""


def test_the_line_to_type_works(bare: Kit) -> None:
    bare.pipenv("2022.12.19")
    line = re.search(r"export PATH=.*", bare.run("script/start").err)
    assert line
    done = subprocess.run(
        ["bash", "-c", f"{line[0]}\ntype -P pipenv"],
        env=bare.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str(bare.home / ".local" / "bin" / "pipenv")


def test_a_pipenv_of_the_learners_own_is_not_replaced(bare: Kit) -> None:
    link = bare.home / ".local" / "bin" / "pipenv"
    bare.program(link, "#!/bin/sh\necho mine\n")
    done = bare.run("script/start")
    assert link.read_text() == "#!/bin/sh\necho mine\n"
    assert f'export PATH="$HOME/{DATA}/bin:$PATH"' in done.err
    assert [path.name for path in (bare.home / DATA / "bin").iterdir()] == ["pipenv"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("2026.7.0", "2026.7.0", "yes"),
        ("2026.10.3", "2026.7.0", "yes"),
        ("2026.08.09", "2026.7.10", "yes"),
        ("2027.0.0", "2026.7.0", "yes"),
        ("2026.6.99", "2026.7.0", "no"),
        ("2025.12.31", "2026.7.0", "no"),
    ],
)
def test_versions_are_compared_as_numbers(kit: Kit, one: str, other: str, expected: str) -> None:
    assert kit.bash(f"at_least {one} {other} && echo yes || echo no").out == f"{expected}\n"


# --- What goes wrong ------------------------------------------------------------------------------

NO_NETWORK = """WARNING: Retrying after connection broken by
'NameResolutionError("Failed to
resolve 'packages.example'")'
ERROR: No matching distribution found for alembic==1.20.1
"""


@pytest.mark.parametrize(
    ("log", "settings", "english", "french"),
    [
        (NO_NETWORK, {}, "cannot be reached", "hors d'atteinte"),
        ("ReadTimeoutError: Read timed\n out.", {}, "cannot be reached", "hors d'atteinte"),
        (NO_NETWORK, {"HTTPS_PROXY": "http://u:secret@p.example:1"}, "u proxy", "Le proxy réglé"),
        ("ProxyError('Cannot connect')", {"https_proxy": "http://p.example"}, "p.example", "proxy"),
        ("Tunnel connection failed: 407", {}, "proxy does not let", "Le proxy réglé"),
        ("OSError: [Errno 28] No space left\non device", {}, "disk is full", "disque est plein"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED]", {}, "certificate", "certificat"),
        ("THESE PACKAGES DO NOT\nMATCH THE HASHES", {}, "hash differs", "empreinte diffère"),
        ("[Errno 13] Permission denied: 'x'", {}, "another user", "quelqu'un d'autre"),
        ("one\ntwo\na thing of its own", {}, "    a thing of its own", "    a thing of its own"),
    ],
)
def test_what_stopped_is_explained(
    kit: Kit, log: str, settings: dict[str, str], english: str, french: str
) -> None:
    (kit.base / "error").write_text(log)
    for lang, words in (("en", english.replace("u proxy", "proxy set here")), ("fr", french)):
        done = kit.run("script/start", "--lang", lang, **settings)
        assert done.code == 1
        assert words in done.err
        assert "secret" not in done.err
        kept = Path(done.err.strip().rsplit(": ", 1)[1])
        assert log in kept.read_text()
        kept.unlink()
        assert kit.left_behind() == []


def test_our_copy_of_pipenv_that_cannot_be_had_is_explained(bare: Kit) -> None:
    (bare.base / "error").write_text(NO_NETWORK)
    done = bare.run("script/start", LANG="fr_FR.UTF-8")
    assert done.code == 1
    assert "hors d'atteinte" in done.err
    assert bare.calls() == []


def test_a_full_disk_is_seen_without_a_log(kit: Kit) -> None:
    (kit.base / "error").write_text("")
    kit.program(kit.bin / "df", "#!/bin/sh\necho Filesystem\necho /dev/x 100 99 1 99% /\n")
    assert "disk is full" in kit.run("script/start").err

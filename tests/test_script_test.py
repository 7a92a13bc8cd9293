"""script/test and .ci/run, on a machine that is played."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.script_kit import ROOT, Kit, interrupt

TOOL = """#!/bin/sh
printf '%s\\n' "${0##*/} $*" >>"$KIT/tool.calls"
[ ! -f "$KIT/${0##*/}.out" ] || cat "$KIT/${0##*/}.out"
[ ! -f "$KIT/${0##*/}.fails" ] || exit "$(cat "$KIT/${0##*/}.fails")"
[ ! -f "$KIT/${0##*/}.slow" ] || touch "$KIT/begun"
while [ -f "$KIT/${0##*/}.slow" ]; do sleep 0.1; done
"""
SKIPPED = """..s
\x1b[36m\x1b[1m=========== short test summary info ============\x1b[0m
\x1b[33mSKIPPED\x1b[0m [2] tests/test_a.py:12: no redis-server on PATH
\x1b[33mSKIPPED\x1b[0m [1] tests/deep/test_b.py:9: no redis-server on PATH
SKIPPED [1] tests/test_c.py: no zsh: it is macOS's shell
=========== 3 passed, 4 skipped in 0.1s ============
"""


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """A workshop that is set up, with the tools that script/test calls."""
    kit = Kit(tmp_path)
    kit.pipenv("2026.10.3")
    assert kit.run("script/start").code == 0
    for name in ("ruff", "mypy", "pytest"):
        kit.program(kit.root / ".venv" / "bin" / name, TOOL)
    (kit.root / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", kit.root / ".ci")
    kit.calls()
    return kit


def test_every_stage_in_its_order(kit: Kit) -> None:
    done = kit.run("script/test")
    assert done.code == 0, done.err
    assert kit.calls("tool") == [
        "ruff check",
        "ruff format --check",
        "mypy ",
        "pytest -n 5 --dist worksteal -rs --color=auto",
    ]
    assert done.err.splitlines()[-2:] == [
        "Nothing was left out.",
        "All passed: ruff check, ruff format, mypy, pytest.",
    ]


def test_it_sets_up_first(kit: Kit) -> None:
    (kit.root / "Pipfile.lock").write_text("other\n")
    kit.run("script/test")
    assert [call.split()[0] for call in kit.calls()] == ["sync"]


def test_arguments_are_pytests_alone(kit: Kit) -> None:
    done = kit.run("script/test", "-k", "a or b", "tests/été.py", LANG="fr_FR.UTF-8")
    assert kit.calls("tool") == [
        "pytest -n 5 --dist worksteal -rs --color=auto -k a or b tests/été.py"
    ]
    assert done.err.endswith("Tout est passé\u00a0: pytest.\n")


@pytest.mark.parametrize("code", ["1", "2", "5"])
def test_what_does_not_pass_is_named_and_the_rest_still_runs(kit: Kit, code: str) -> None:
    (kit.base / "mypy.fails").write_text(code)
    (kit.base / "pytest.fails").write_text(code)
    done = kit.run("script/test")
    assert done.code == 1
    assert len(kit.calls("tool")) == 4
    assert done.err.endswith("Not passed: mypy, pytest.\n")


def test_no_test_at_all_is_no_success(kit: Kit) -> None:
    (kit.base / "pytest.fails").write_text("5")
    assert kit.run("script/test", "-k", "nothing").code == 1


def test_what_is_left_out_is_named_once_with_its_number(kit: Kit) -> None:
    (kit.base / "pytest.out").write_text(SKIPPED)
    done = kit.run("script/test", "-x")
    assert SKIPPED in done.out  # what pytest says is shown as it comes
    assert done.err.splitlines()[-4:] == [
        "Left out on this machine:",
        "  - no redis-server on PATH (3)",
        "  - no zsh: it is macOS's shell (1)",
        "All passed: pytest.",
    ]
    assert kit.left_behind() == []


def test_ctrl_c(kit: Kit) -> None:
    (kit.base / "pytest.slow").touch()
    process = kit.popen("script/test")
    while not (kit.base / "begun").exists():
        assert process.poll() is None
        time.sleep(0.02)
    interrupt(process)
    process.communicate(timeout=10)
    assert process.returncode == 130
    assert kit.left_behind() == []


# --- .ci/run --------------------------------------------------------------------------------------

APT = """#!/bin/sh
printf '%s\\n' "$*" >>"$KIT/apt.calls"
[ "$DEBIAN_FRONTEND" = noninteractive ] || exit 9
[ -x "$POLICY_RC_D" ] || exit 9
for last; do :; done
case $last in
update) ;;
zsh) echo "no such package"; exit 100 ;;
*) printf '#!/bin/sh\\n' >"$KIT/bin/$last"; chmod +x "$KIT/bin/$last" ;;
esac
"""


def as_user(kit: Kit, number: int) -> None:
    """Play the user of this number, and keep Debian's question within the kit."""
    kit.program(kit.bin / "id", f"#!/bin/sh\necho {number}\n")
    kit.environment["POLICY_RC_D"] = str(kit.base / "policy")


def test_ci_installs_what_is_missing_and_starts_no_service(kit: Kit) -> None:
    as_user(kit, 0)
    kit.program(kit.bin / "apt-get", APT)
    kit.program(kit.bin / "shellcheck", "#!/bin/sh\n")
    done = kit.run(".ci/run")
    assert done.code == 0, done.err
    assert [call.split()[-1] for call in kit.calls("apt")] == [
        *("update", "redis-server", "zsh", "chromium", "rabbitmq-server")
    ]
    assert "Installed: redis-server" in done.out
    assert "Not installed: zsh" in done.out
    assert "no such package" in done.out
    assert not (kit.base / "policy").exists()
    assert len(kit.calls("tool")) == 4


def test_ci_keeps_the_policy_of_the_machine(kit: Kit) -> None:
    as_user(kit, 0)
    kit.program(kit.bin / "apt-get", APT)
    kit.program(kit.base / "policy", "theirs")
    kit.run(".ci/run")
    assert (kit.base / "policy").read_text() == "theirs"


@pytest.mark.parametrize(("number", "apt"), [(1000, True), (0, False)])
def test_ci_goes_on_without_apt(kit: Kit, number: int, apt: bool) -> None:
    as_user(kit, number)
    if apt:
        kit.program(kit.bin / "apt-get", APT)
    done = kit.run(".ci/run")
    assert done.code == 0, done.err
    assert "Not installed: redis-server zsh shellcheck chromium rabbitmq-server" in done.out
    assert kit.calls("apt") == []


def test_ci_adds_what_drives_chromium_where_it_is(kit: Kit) -> None:
    as_user(kit, 1000)
    kit.run(".ci/run")
    assert kit.calls() == []
    kit.program(kit.bin / "chromium", "#!/bin/sh\n")
    assert kit.run(".ci/run").code == 0
    assert kit.calls() == ["sync --categories browser"]


def test_ci_goes_on_without_what_drives_chromium(kit: Kit) -> None:
    as_user(kit, 1000)
    kit.program(kit.bin / "chromium", "#!/bin/sh\n")
    (kit.base / "error").write_text("no network\n")
    done = kit.run(".ci/run")
    assert done.code == 0, done.err
    assert "Not installed: the packages that drive Chromium" in done.out


def test_ci_fails_with_the_tests(kit: Kit) -> None:
    as_user(kit, 1000)
    (kit.base / "pytest.fails").write_text("1")
    assert kit.run(".ci/run").code == 1


def test_ci_says_that_it_is_one(kit: Kit) -> None:
    as_user(kit, 1000)
    kit.program(kit.root / ".venv/bin/pytest", '#!/bin/sh\necho "CI is $CI"\ncat\n')
    assert "CI is true" in kit.run(".ci/run").out


NPM = """#!/bin/sh
printf '%s\\n' "$*" >>"$KIT/npm.calls"
while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/node_modules/.bin"
[ ! -f "$KIT/npm.fails" ] || { echo "no such version"; exit 1; }
printf '#!/bin/sh\\n' >"$2/node_modules/.bin/heroku"
chmod +x "$2/node_modules/.bin/heroku"
"""


def with_npm(kit: Kit, node: str) -> None:
    as_user(kit, 1000)
    kit.program(kit.bin / "npm", NPM)
    kit.program(kit.bin / "node", f"#!/bin/sh\necho {node}\n")
    kit.program(kit.root / ".venv/bin/pytest", "#!/bin/sh\ncommand -v heroku || echo none\n")
    kit.environment["XDG_CACHE_HOME"] = str(kit.base / "cache")


def test_ci_installs_the_heroku_command_once(kit: Kit) -> None:
    with_npm(kit, "v20.1.0")
    first, second = kit.run(".ci/run"), kit.run(".ci/run")
    assert (first.code, second.code) == (0, 0), first.err
    assert "Installed: heroku\n" in first.out
    assert [call.split()[-1] for call in kit.calls("npm")] == ["heroku@11"]
    for done in (first, second):
        assert f"{kit.base}/cache/atelier/heroku-11/node_modules/.bin/heroku" in done.out


@pytest.mark.parametrize(("node", "fails"), [("v18.20.4", False), ("v22.0.0", True)])
def test_ci_goes_on_without_the_heroku_command(kit: Kit, node: str, fails: bool) -> None:
    with_npm(kit, node)
    if fails:
        (kit.base / "npm.fails").touch()
    done = kit.run(".ci/run")
    assert done.code == 0, done.err
    assert "Not installed: heroku" in done.out
    assert ("no such version" in done.out) == fails
    assert not list(kit.base.glob("cache/atelier/heroku*"))
    assert "none" in done.out

"""script/lock: one set of versions, for every Python, from no index in particular."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.script_kit import ROOT

LOCK = ROOT / "script" / "lock.py"
FOLDERS = [ROOT, *sorted(path.parent for path in ROOT.glob("solutions/*/Pipfile"))]
NAMES = [folder.name if folder != ROOT else "root" for folder in FOLDERS]

# A pipenv that resolves as the real one does: what has no marker that is false here, with an index.
PIPENV = """#!/bin/sh
[ "$1" != verify ] || exec test ! -e stale
exec {python} -I -S "$0.py"
"""
RESOLVES = """
import json, os, pathlib, tomllib
pipfile = tomllib.loads(pathlib.Path("Pipfile").read_text())
pathlib.Path({seen!r}).write_text(json.dumps([pipfile, sorted(os.environ.items())]))
names = {{"packages": "default", "dev-packages": "develop"}}
lock = {{"_meta": {{"sources": [{{"name": "x", "url": "https://index.example"}}]}}}}
for section, packages in pipfile.items():
    found = lock[names.get(section, section)] = {{}}
    for name, wanted in packages.items():
        if isinstance(wanted, dict) and "path" in wanted:
            found[name] = wanted
        else:
            found[name] = {{"version": "==1", "hashes": ["sha256:" + name], "index": "x",
                            "markers": "python_version >= '3.8'"}}
    found["below"] = {{"version": "==2", "hashes": ["sha256:below"]}}
pathlib.Path("Pipfile.lock").write_text(json.dumps(lock))
"""
PYTHON = '#!/bin/sh\nhead -n 1 Pipfile | tr -d "[]# \\n"\n'


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A workshop with two Pipfiles, and a pipenv that is played."""
    root = tmp_path / "l'été"
    (root / "atelier").mkdir(parents=True)
    (root / "pyproject.toml").touch()
    (root / "Pipfile").write_text(
        "# rootPipfile\n"
        '[packages]\nflask = "*"\ncelery = {extras = ["redis"], version = ">5"}\n'
        'late = {version = "*", markers = "python_version < \'3.0\'"}\n'
        '[dev-packages]\natelier = {path = ".", editable = true}\nruff = "*"\n'
    )
    (root / "solutions" / "06-x").mkdir(parents=True)
    (root / "solutions" / "07-y").mkdir()
    (root / "solutions" / "06-x" / "Pipfile").write_text(
        '# stepPipfile\n[packages]\nflask = "*"\ncelery = "*"\n[dev-packages]\n'
    )
    return root


def run(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run script/lock's program on a workshop, with a pipenv that is played."""
    folder = root.parent / "pipenv"
    folder.mkdir(exist_ok=True)
    seen = str(root.parent / "seen.json")
    (folder / "pipenv").write_text(PIPENV.format(python=shlex.quote(sys.executable)))
    (folder / "pipenv.py").write_text(RESOLVES.format(seen=seen))
    (folder / "python").write_text(PYTHON)
    for path in folder.iterdir():
        path.chmod(0o755)
    return subprocess.run(
        [sys.executable, str(LOCK), "--root", str(root), *arguments],
        env=dict(os.environ) | {"ATELIER_PIPENV": str(folder / "pipenv")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def lock_of(folder: Path) -> dict[str, Any]:
    """Read a lock."""
    content: dict[str, Any] = json.loads((folder / "Pipfile.lock").read_text(encoding="utf-8"))
    return content


def test_each_pipfile_gets_its_part_of_one_resolution(course: Path) -> None:
    done = run(course)
    assert done.returncode == 0, done.stderr
    root, step = lock_of(course), lock_of(course / "solutions" / "06-x")
    assert set(root["default"]) == {"flask", "celery", "late", "below"}
    assert set(root["develop"]) == {"atelier", "ruff", "below"}
    assert set(step["default"]) == {"flask", "celery", "below"}
    assert step["develop"] == {}
    assert root["_meta"]["hash"]["sha256"] == "rootPipfile"
    assert step["_meta"]["hash"]["sha256"] == "stepPipfile"
    pipfile, _ = json.loads((course.parent / "seen.json").read_text())
    assert pipfile["packages"]["celery"] == {"version": ">5", "extras": ["redis"]}
    assert pipfile["packages"]["ruff"] == {"version": "*"}


def test_a_lock_names_no_index(course: Path) -> None:
    run(course)
    for folder in (course, course / "solutions" / "06-x"):
        assert lock_of(folder)["_meta"]["sources"] == []
        assert "index" not in (folder / "Pipfile.lock").read_text()


def test_a_package_for_another_python_is_pinned_with_its_marker(course: Path) -> None:
    run(course)
    assert lock_of(course)["default"]["late"] == {
        "hashes": ["sha256:late"],
        "markers": "python_version < '3.0'",
        "version": "==1",
    }
    pipfile, _ = json.loads((course.parent / "seen.json").read_text())
    assert "markers" not in json.dumps(pipfile)


def test_settings_of_the_machine_do_not_reach_pipenv(course: Path) -> None:
    run(course, PIP_FIND_LINKS="/x", PIP_EXTRA_INDEX_URL="/y", PIP_INDEX_URL="/z", PIP_CERT="/cert")
    _, pairs = json.loads((course.parent / "seen.json").read_text())
    environment = dict(pairs)
    assert environment["PIP_CONFIG_FILE"] == os.devnull
    assert not {"PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"} & environment.keys()
    assert environment["PIP_CERT"] == "/cert"


@pytest.mark.parametrize("line", ["[[source]]\nurl = 'x'", "[requires]\npython_version = '3.11'"])
def test_a_pipfile_that_names_an_index_or_a_python_is_refused(course: Path, line: str) -> None:
    path = course / "Pipfile"
    path.write_text(path.read_text() + line + "\n")
    done = run(course)
    assert done.returncode == 1
    assert "one index or one Python" in done.stderr


def test_what_is_not_known_in_a_pipfile_is_refused(course: Path) -> None:
    path = course / "Pipfile"
    path.write_text(path.read_text().replace('ruff = "*"', 'ruff = {git = "x"}'))
    assert "ruff: git is not known here" in run(course).stderr


def spoil(*keys: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Return what puts a value somewhere in a lock."""

    def change(content: dict[str, Any]) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (spoil("_meta", "sources", value=[{"name": "x"}]), "its sources are not empty"),
        (spoil("default", "flask", "index", value="x"), "flask names an index"),
        (spoil("default", "flask", "version", value="==3"), "flask is ==3, and ==1 in"),
        (spoil("default", "flask", "hashes", value=["sha256:z"]), "flask is ==1, and ==1 in"),
        (spoil("default", "flask", "version", value="*"), "not pinned with its hashes"),
        (spoil("default", "flask", "hashes", value=[]), "not pinned with its hashes"),
        (spoil("default", "flask", "file", value="https://x"), "names an address"),
        (spoil("default", value={}), "celery is missing"),
        (spoil("develop", "x", value={"path": "/some/x"}), "names the folder /some/x"),
    ],
)
def test_check_names_what_is_wrong(
    course: Path, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    run(course)
    path = course / "solutions" / "06-x" / "Pipfile.lock"
    content = lock_of(path.parent)
    change(content)
    path.write_text(json.dumps(content))
    done = run(course, "--check")
    assert done.returncode == 1
    assert words in done.stderr
    assert str(path) in done.stderr


def test_check_asks_pipenv_whether_the_pipfile_has_changed(course: Path) -> None:
    run(course)
    assert run(course, "--check").returncode == 0
    (course / "solutions" / "06-x" / "stale").touch()
    assert "made from another Pipfile" in run(course, "--check").stderr


def test_check_misses_a_lock(course: Path) -> None:
    run(course)
    (course / "solutions" / "06-x" / "Pipfile.lock").unlink()
    assert "missing" in run(course, "--check").stderr


# --- The locks themselves -------------------------------------------------------------------------


def real_pipenv() -> str | None:
    """Return a pipenv of this machine that is new enough, if there is one."""
    found = os.environ.get("ATELIER_PIPENV") or shutil.which("pipenv")
    if not found:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    numbers = re.search(r"(\d+)\.(\d+)\.\d+", said.stdout)
    return found if numbers and (int(numbers[1]), int(numbers[2])) >= (2026, 7) else None


def test_the_locks_agree() -> None:
    if not (pipenv := real_pipenv()):
        pytest.skip("no pipenv 2026.7 or newer on PATH")
    done = subprocess.run(
        [sys.executable, str(LOCK), "--check"],
        env=dict(os.environ) | {"ATELIER_PIPENV": pipenv},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


PYTHONS = ["3.11.0", "3.11.2", "3.11.9", "3.12.4", "3.13.1", "3.14.0"]
SYSTEMS = [
    ("linux", "Linux", "x86_64"),
    ("linux", "Linux", "aarch64"),
    ("darwin", "Darwin", "arm64"),
]


@pytest.mark.parametrize("system", SYSTEMS, ids=["linux", "linux-arm", "macos"])
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_a_lock_serves_every_python(folder: Path, python: str, system: tuple[str, ...]) -> None:
    """Whatever a package asks for on that machine stands in the lock, and is wanted there."""
    there = {
        "python_version": python.rpartition(".")[0],
        "python_full_version": python,
        "implementation_version": python,
        "sys_platform": system[0],
        "platform_system": system[1],
        "platform_machine": system[2],
    }
    pipfile = tomllib.loads((folder / "Pipfile").read_text(encoding="utf-8"))
    lock = lock_of(folder)
    every = lock["develop"] | lock["default"]  # the first is never installed without the second
    for section, locked in (("packages", lock["default"]), ("dev-packages", every)):
        # A lock may keep the dot of zope.interface.
        entries = {str(canonicalize_name(name)): entry for name, entry in locked.items()}
        for name in needed(pipfile.get(section, {}), there):
            assert name in entries
            if marker := entries[name].get("markers"):
                assert Marker(marker).evaluate(there), name


def needed(packages: dict[str, Any], there: dict[str, str]) -> set[str]:
    """Return the packages that these ask for on that machine, as those installed here say."""
    waiting: list[tuple[str, frozenset[str]]] = []
    for name, wanted in packages.items():
        table = wanted if isinstance(wanted, dict) else {}
        if "markers" not in table or Marker(table["markers"]).evaluate(there):
            waiting.append((canonicalize_name(name), frozenset(table.get("extras", []))))
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        item = waiting.pop()
        if item not in seen:
            seen.add(item)
            waiting.extend(asked_by(*item, there))
    return {name for name, _ in seen}


def asked_by(
    name: str, extras: frozenset[str], there: dict[str, str]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what one package asks for."""
    try:
        requires = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return  # for another Python than this one
    for line in requires:
        asked = Requirement(line)
        if not asked.marker or any(
            asked.marker.evaluate(there | {"extra": extra}) for extra in ("", *extras)
        ):
            yield canonicalize_name(asked.name), frozenset(asked.extras)


def test_an_older_python_3_11_gets_what_redis_needs_there() -> None:
    for folder in FOLDERS:
        entry = lock_of(folder)["default"]["async-timeout"]
        assert entry["markers"] == "python_full_version < '3.11.3'"
        assert entry["version"].startswith("==")
        assert entry["hashes"]


def test_the_list_of_our_pipenv_is_complete() -> None:
    lines = (ROOT / "script" / "vendor" / "pipenv.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w-]+==[\w.]+ --hash=sha256:[0-9a-f]{64}", pin) for pin in pins)
    names = {pin.partition("==")[0] for pin in pins}
    assert {"pipenv", "virtualenv", "setuptools", "certifi", "packaging", "filelock"} <= names


def test_pip_comes_with_its_licence() -> None:
    vendor = ROOT / "script" / "vendor"
    (wheel,) = vendor.glob("pip-*-py3-none-any.whl")
    version = wheel.name.split("-")[1]
    assert "Permission is hereby granted" in (vendor / f"pip-{version}-LICENSE.txt").read_text()
    done = subprocess.run(
        [sys.executable, str(wheel / "pip"), "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith(f"pip {version} ")

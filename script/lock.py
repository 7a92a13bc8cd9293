"""Locks every Pipfile of the workshop with one set of versions, or checks that they agree.

A lock made here names no package index, so that a mirror works unchanged, and serves every Python
that the workshop supports, whichever one made it. To run it: script/lock.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENDOR = Path(__file__).resolve().parent / "vendor"

# What a Pipfile's sections are called in its lock; any other section keeps its name there.
SECTIONS = {"packages": "default", "dev-packages": "develop"}
FOREIGN = {"source", "requires"}
NO_PACKAGES = {"scripts", "pipenv", "pipfile"}
KNOWN_KEYS = {"version", "extras", "markers", "path", "editable"}

# Settings of this machine that must not reach a lock.
MACHINE = {
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_NO_INDEX",
    "PIP_PRE",
    "PIP_NO_BINARY",
    "PIP_ONLY_BINARY",
    "PIPENV_PYPI_MIRROR",
}

Done = subprocess.CompletedProcess[str]


def main() -> int:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(prog="script/lock", description="Lock every Pipfile.")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--check", action="store_true", help="only say whether the locks agree")
    group.add_argument("--pipenv", metavar="VERSION", help="name another pipenv in script/vendor")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    parser.add_argument("--lang", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.pipenv:
        name_pipenv(arguments.pipenv)
        return 0
    folders = folders_of(arguments.root)
    if not arguments.check:
        print(
            f"Resolving the packages of {len(folders)} Pipfiles (about two minutes) …", flush=True
        )
        lock(folders)
    faults = list(check(folders))
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{len(folders)} locks agree with their Pipfiles and with each other.")
    return 1 if faults else 0


def folders_of(root: Path) -> list[Path]:
    """Return the root and every solution that has a Pipfile."""
    return [root, *sorted(path.parent for path in root.glob("solutions/*/Pipfile"))]


# --- Locking -------------------------------------------------------------------------------------


def lock(folders: list[Path]) -> None:
    """Resolve everything at once, and write each folder's part of it.

    pipenv constrains every category by what it has found for `[packages]`. So one Pipfile is
    derived from all of them: the union of all packages as its `[packages]`, and each section of
    each Pipfile as a category of its own.
    """
    pipfiles = {folder: packages_of(folder / "Pipfile") for folder in folders}
    union: dict[str, Any] = {}
    categories: dict[str, dict[str, Any]] = {}
    for folder, sections in pipfiles.items():
        for section, packages in sections.items():
            for name, wanted in packages.items():
                union[name] = both(name, union.get(name, wanted), wanted)
            if packages:
                categories[category(folders, folder, section)] = packages
    with tempfile.TemporaryDirectory(prefix="atelier-lock-") as scratch:
        work = Path(scratch)
        shutil.copy(folders[0] / "pyproject.toml", work)
        shutil.copytree(folders[0] / "atelier", work / "atelier")
        (work / "Pipfile").write_text(toml({"packages": union, **categories}), encoding="utf-8")
        pipenv(work, "lock", "--python", sys.executable)
        resolved = json.loads((work / "Pipfile.lock").read_text(encoding="utf-8"))
    for folder, sections in pipfiles.items():
        result: dict[str, dict[str, Any]] = {
            "_meta": {
                "hash": {"sha256": hash_of(folder)},
                "pipfile-spec": 6,
                "requires": {},
                "sources": [],
            },
            "default": {},
            "develop": {},
        }
        for section, packages in sections.items():
            found = resolved.get(category(folders, folder, section), {}) if packages else {}
            for name, entry in found.items():
                entry.pop("index", None)
                # Nothing is resolved with its marker: where that is false, pipenv would not pin it.
                if isinstance(packages.get(name), dict) and "markers" in packages[name]:
                    entry["markers"] = packages[name]["markers"]
            result[SECTIONS.get(section, section)] = found
        text = json.dumps(result, indent=4, separators=(",", ": "), sort_keys=True)
        (folder / "Pipfile.lock").write_text(text + "\n", encoding="utf-8")


def packages_of(pipfile: Path) -> dict[str, dict[str, Any]]:
    """Return the sections of a Pipfile that name packages."""
    content = tomllib.loads(pipfile.read_text("utf-8"))
    for section in FOREIGN & content.keys():
        sys.exit(f"{pipfile}: [{section}] would tie the workshop to one index or one Python")
    sections = {name: value for name, value in content.items() if name not in NO_PACKAGES}
    for packages in sections.values():
        for name, wanted in packages.items():
            if isinstance(wanted, dict) and (unknown := wanted.keys() - KNOWN_KEYS):
                sys.exit(f"{pipfile}: {name}: {', '.join(sorted(unknown))} is not known here")
    return sections


def both(name: str, one: Any, other: Any) -> Any:
    """Return what asks for both of two entries of a Pipfile."""
    tables = [entry if isinstance(entry, dict) else {"version": entry} for entry in (one, other)]
    if any("path" in table for table in tables):
        if one != other:
            sys.exit(f"{name} is a folder in one Pipfile, and another thing in another")
        return one
    versions = sorted({table.get("version", "*") for table in tables} - {"*"})
    extras = sorted({extra for table in tables for extra in table.get("extras", [])})
    return {"version": ",".join(versions) or "*", **({"extras": extras} if extras else {})}


def category(folders: list[Path], folder: Path, section: str) -> str:
    """Return the name of a section of a folder's Pipfile in the derived one."""
    return f"part-{folders.index(folder)}-{section}"


def toml(sections: dict[str, dict[str, Any]]) -> str:
    """Return a Pipfile, without the markers."""
    lines = []
    for section, packages in sections.items():
        lines.append(f"[{section}]")
        for name, wanted in packages.items():
            if isinstance(wanted, dict):
                keys = sorted(wanted.keys() - {"markers"})
                table = ", ".join(f"{key} = {json.dumps(wanted[key])}" for key in keys)
                lines.append(f"{json.dumps(name)} = {{{table}}}")
            else:
                lines.append(f"{json.dumps(name)} = {json.dumps(wanted)}")
        lines.append("")
    return "\n".join(lines)


def hash_of(folder: Path) -> str:
    """Return the hash that pipenv expects in this folder's lock."""
    python = Path(os.environ["ATELIER_PIPENV"]).resolve().parent / "python"
    code = "from pipenv.project import Project; print(Project().pipfile.calculate_hash())"
    return run([str(python), "-c", code], folder).stdout.strip()


# --- Checking ------------------------------------------------------------------------------------


def check(folders: list[Path]) -> Iterator[str]:
    """Yield what is wrong with the locks."""
    seen: dict[str, tuple[tuple[object, list[str]], Path]] = {}
    for folder in folders:
        path = folder / "Pipfile.lock"
        if not path.is_file():
            yield f"{path}: missing"
            continue
        text = path.read_text(encoding="utf-8")
        content = json.loads(text)
        if content["_meta"]["sources"]:
            yield f"{path}: its sources are not empty"
        if "://" in text:
            yield f"{path}: it names an address"
        if pipenv(folder, "verify", may_fail=True):
            yield f"{path}: it was made from another Pipfile"
        for section, packages in packages_of(folder / "Pipfile").items():
            for name in packages.keys() - content.get(SECTIONS.get(section, section), {}).keys():
                yield f"{path}: {name} is missing"
        for section, entries in content.items():
            if section != "_meta":
                for name, entry in entries.items():
                    yield from faults_of(path, name, entry)
                    pin = (entry.get("version"), sorted(entry.get("hashes", [])))
                    other, there = seen.setdefault(name, (pin, path))
                    if other != pin:
                        yield f"{path}: {name} is {pin[0]}, and {other[0]} in {there}"


def faults_of(path: Path, name: str, entry: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with one entry of a lock."""
    if "index" in entry:
        yield f"{path}: {name} names an index"
    if "path" in entry:
        if entry["path"] != ".":
            yield f"{path}: {name} names the folder {entry['path']}"
    elif not str(entry.get("version", "")).startswith("==") or not entry.get("hashes"):
        yield f"{path}: {name} is not pinned with its hashes"


# --- The workshop's own pipenv -------------------------------------------------------------------


def name_pipenv(version: str) -> None:
    """Write script/vendor/pipenv.txt for this version of pipenv."""
    pip = next(VENDOR.glob("pip-*.whl")) / "pip"
    command = [sys.executable, str(pip), "install", "--quiet", "--dry-run", "--ignore-installed"]
    command += ["--only-binary", ":all:", "--report", "-", f"pipenv=={version}"]
    path = VENDOR / "pipenv.txt"
    lines = [line for line in path.read_text("utf-8").splitlines() if line.startswith("#")]
    found = json.loads(run(command, VENDOR).stdout)["install"]
    for item in sorted(found, key=lambda item: str(item["metadata"]["name"])):
        digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
        name, number = item["metadata"]["name"], item["metadata"]["version"]
        lines.append(f"{name}=={number} --hash=sha256:{digest}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


# --- Running things ------------------------------------------------------------------------------


def pipenv(folder: Path, *arguments: str, may_fail: bool = False) -> int:
    """Run pipenv in a folder, on its Pipfile, untouched by this machine's settings."""
    return run([os.environ["ATELIER_PIPENV"], *arguments], folder, may_fail).returncode


def run(command: list[str], folder: Path, may_fail: bool = False) -> Done:
    """Run a command in a folder; end with what it said when it stops on an error."""
    environment = {name: value for name, value in os.environ.items() if name not in MACHINE}
    environment |= {
        "PIP_CONFIG_FILE": os.devnull,
        "PIPENV_IGNORE_VIRTUALENVS": "1",
        "PIPENV_NOSPIN": "1",
        "PIPENV_PIPFILE": str(folder / "Pipfile"),
        "PIPENV_VENV_IN_PROJECT": "1",
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and not may_fail:
        sys.exit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
    return done


if __name__ == "__main__":
    sys.exit(main())

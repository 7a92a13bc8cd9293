"""git, called so that the user's settings and identity change nothing of what we write."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from atelier.i18n import _

# The identity and the date of what the workshop writes: the same hashes on every machine.
NAME = "atelier"
EMAIL = "atelier@example.org"
DATE = "1767225600 +0000"  # 2026-01-01, seconds since the epoch

_FROM_THE_USER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")


class GitFailed(RuntimeError):
    """git did not do what it was asked for; the text is git's own last words."""


def git(
    repository: Path,
    *arguments: str,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run git in `repository` and return what it printed, without the last newline.

    Raises GitFailed.
    """
    printed = git_bytes(repository, *arguments, stdin=stdin, env=env)
    return printed.decode("utf-8", "replace").removesuffix("\n")


def git_bytes(
    repository: Path,
    *arguments: str,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
) -> bytes:
    """Run git in `repository` and return the bytes that it printed. Raises GitFailed."""
    environment = {name: value for name, value in os.environ.items() if name not in _FROM_THE_USER}
    environment |= {
        "GIT_AUTHOR_NAME": NAME,
        "GIT_AUTHOR_EMAIL": EMAIL,
        "GIT_AUTHOR_DATE": DATE,
        "GIT_COMMITTER_NAME": NAME,
        "GIT_COMMITTER_EMAIL": EMAIL,
        "GIT_COMMITTER_DATE": DATE,
        "LC_ALL": "C",
        **(env or {}),
    }
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=repository,
            env=environment,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise GitFailed(_("git is not installed, or not on the PATH.")) from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.returncode}"
        raise GitFailed(f"git {arguments[0]}: {said.splitlines()[-1]}")
    return done.stdout


def is_repository(folder: Path) -> bool:
    """Whether `folder` is the top of a git repository, a work tree's or a bare one."""
    try:
        top = git(folder, "rev-parse", "--git-dir")
    except (GitFailed, OSError):
        return False
    return top in (".git", ".") or Path(top).resolve() == (folder / ".git").resolve()


def has_identity(repository: Path) -> bool:
    """Whether the learner can commit: git knows a name and an address."""
    try:
        for name in ("user.name", "user.email"):
            git(repository, "config", name)
    except GitFailed:
        return False
    return True

"""The solution branches: one commit a step, the same hashes on every machine."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from atelier.course import Course, Step, Tree
from atelier.git import DATE, EMAIL, NAME, git

PREFIX = "solution/"
_IMPORT = "refs/atelier/import"  # where commits are while they have no branch yet
# At the end of a stream: this name is never written, so that no kill can leave it behind.
_NO_IMPORT = f"reset {_IMPORT}\nfrom {'0' * 40}\n\n".encode()
NOT_COMMITTED = frozenset({".env"})


def branch_of(step: Step) -> str:
    """Return the name of the branch that holds the solution of `step`."""
    return PREFIX + step.name


def write_branches(course: Course, repository: Path) -> list[str]:
    """Write the branch of every step into `repository`; return those that hold their solution.

    Touches no branch that is not `solution/…`, no index and no work tree, and moves only what
    changed. Left as they are, and out of the list: a branch that is checked out (moving it would
    make its work tree look changed), and one that ends in a commit of the learner's. Raises
    GitFailed.
    """
    commits: list[bytes] = []
    parent: str | None = None
    for step in course.steps:
        mark = f":{step.number}"
        message = f"{step.name}: {step.titles['en']}"
        commits.append(_commit(mark, message, parent, course.tree(step)))
        parent = mark
    hashes = _import(repository, commits)
    found, own = _solution_branches(repository)
    kept = _checked_out(repository) | own
    wanted = {branch_of(step): hashes[f":{step.number}"] for step in course.steps}
    written = {name: commit for name, commit in wanted.items() if name not in kept}
    stale = found.keys() - wanted.keys() - kept  # steps that were renumbered
    changes = [
        f"update refs/heads/{name} {commit}\n"
        for name, commit in written.items()
        if found.get(name) != commit
    ]
    changes += [f"delete refs/heads/{name}\n" for name in stale]
    if changes:
        git(repository, "update-ref", "--stdin", stdin="".join(changes).encode())
    return [name for name, commit in wanted.items() if name in written or found[name] == commit]


def _solution_branches(repository: Path) -> tuple[dict[str, str], set[str]]:
    """The branches `solution/…` with their commits; and which of them end in a commit not ours."""
    form = "--format=%(refname:short)%00%(objectname)%00%(committeremail)%00%(committerdate:raw)"
    lines = git(repository, "for-each-ref", form, f"refs/heads/{PREFIX}").splitlines()
    found, own = {}, set()
    for line in lines:
        name, commit, email, date = line.split("\0")
        found[name] = commit
        if (email, date) != (f"<{EMAIL}>", DATE):
            own.add(name)
    return found, own


def commit_start(course: Course, repository: Path, step: Step) -> str:
    """Point the branch that is checked out at the start of `step`; return the commit.

    For a repository with no commit of its own yet, after `write_branches`. Raises GitFailed.
    """
    steps = course.up_to(step)[:-1]
    commit = git(repository, "rev-parse", f"refs/heads/{branch_of(steps[-1])}") if steps else None
    tree = course.tree_before(step)
    if commit is None or _committed(tree) != _committed(course.tree(steps[-1])):
        message = f"Start of {step.name}"
        commit = _import(repository, [_commit(":1", message, commit, tree)])[":1"]
    git(repository, "update-ref", "HEAD", commit)
    git(repository, "read-tree", "HEAD")
    return commit


def _checked_out(repository: Path) -> set[str]:
    listed = git(repository, "worktree", "list", "--porcelain")
    heads = (line.split(" ", 1)[1] for line in listed.splitlines() if line.startswith("branch "))
    return {head.removeprefix("refs/heads/") for head in heads}


def _import(repository: Path, commits: Sequence[bytes]) -> dict[str, str]:
    """Write commits in git's import format (git-fast-import(1)); return their hash by mark."""
    with tempfile.TemporaryDirectory() as scratch:
        marks = Path(scratch) / "marks"
        stream = b"feature done\n" + b"".join(commits) + _NO_IMPORT + b"done\n"
        git(
            repository,
            *("fast-import", "--quiet", "--force", f"--export-marks={marks}"),
            stdin=stream,
        )
        return dict(line.split(" ") for line in marks.read_text().splitlines())


def _commit(mark: str, message: str, parent: str | None, tree: Tree) -> bytes:
    who = f"{NAME} <{EMAIL}> {DATE}"
    lines = [f"commit {_IMPORT}", f"mark {mark}", f"author {who}", f"committer {who}"]
    parts = [("\n".join(lines) + "\n").encode(), _data(message.encode())]
    if parent is not None:
        parts.append(f"from {parent}\n".encode())
    parts.append(b"deleteall\n")
    for path, content in sorted(_committed(tree).items()):
        parts.append(f"M 100644 inline {path}\n".encode() + _data(content))
    return b"".join(parts) + b"\n"


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _committed(tree: Tree) -> dict[str, bytes]:
    return {path: content for path, content in tree.items() if path not in NOT_COMMITTED}

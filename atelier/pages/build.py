"""The pages as a static site: files that any web server can give out."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atelier.course import Course
from atelier.i18n import _
from atelier.pages.site import Site
from atelier.project import ProjectError

# Says that a folder is ours to replace. To GitHub Pages it says: publish the files as they are.
# Source: https://docs.github.com/en/pages/getting-started-with-github-pages/about-github-pages#static-site-generators
MARK = ".nojekyll"


def build(course: Course, folder: Path) -> int:
    """Write the pages of `course` into `folder`, and return how many files they are.

    The folder appears as a whole or not at all, and takes the place of an earlier site. Raises
    ProjectError when something else is in it, LessonError, OSError.
    """
    folder = folder.resolve()
    _refuse_other(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        made.chmod(0o755)
        files = Site(course).files()
        with _without_collector():
            for address, make in files.items():
                path = made / address
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(make())
        (made / MARK).touch()
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return len(files)


@contextmanager
def _without_collector() -> Iterator[None]:
    """All that is made is kept until the end: looking through it for rubbish takes a tenth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _refuse_other(folder: Path) -> None:
    """Raise ProjectError unless `folder` is missing, empty, or an earlier site."""
    if not folder.exists() or (folder.is_dir() and (folder / MARK).is_file()):
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise ProjectError(
            _(
                "{folder} holds other files, and the site would replace them. Name a new folder.",
                folder=str(folder),
            ),
            "folder-in-use",
        )

"""What a stopped program says of itself, told with the paths that its author knows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from atelier.i18n import Text, _
from atelier.verdicts import ProgramStopped

_FRAME = re.compile(r'^ *(?:\| )?File "(?P<path>[^"]+)", line (?P<line>\d+)(?:, in (?P<name>.+))?$')
_DUMP_FRAME = re.compile(r'^ *File "(?P<path>[^"]+)", line (?P<line>\d+) in (?P<name>.+)$')
_START = "Traceback (most recent call last):"
# The last line of a traceback: a class, perhaps with its module, then what it says.
_ERROR = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?::|$)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ACCESS_LOG = re.compile(r'^\S+ - - \[|"[A-Z]+ \S+ HTTP/\d')
_FRAMES_SHOWN = 3
_MESSAGE_LINES = 4
_LINE_LENGTH = 300


def program_stopped(
    name: str, output: str, exit_code: int | None, root: Path, shadows: Iterable[str] = ()
) -> ProgramStopped:
    """Make the exception that tells why the program `name`, run in `root`, stopped.

    `exit_code` is None when an exception was caught and the process lives on.
    `shadows` are files at the top of the project that hide a package of the same name.
    """
    output = without_colours(output)
    seen = last_traceback(output, root)
    look = _question(output, seen, [file for file in shadows if _concerns(file, seen, output)])
    if seen is None:
        seen = "\n".join(last_lines(output, root, 3)) or None
    if exit_code is None:
        message = _("An exception ended this.")
    else:
        message = _("{name} stopped with exit code {code}.", name=name, code=exit_code)
    return ProgramStopped(message, seen=seen, look=look)


def _question(output: str, seen: str | None, hidden: list[str]) -> Text:
    """The one question that leads to the cause."""
    missing = re.search(r"ModuleNotFoundError: No module named '([\w.]+)'", seen or "")
    if hidden:
        return _(
            "Your file {file} hides the package of the same name: rename it. Is that the cause?",
            file=hidden[0],
        )
    if missing:
        return _(
            "Is the package installed in this project? Is the name {name} spelt right?",
            name=missing.group(1).split(".")[0],
        )
    if "partially initialized module" in (seen or ""):
        return _("Do two of your files import each other at their top?")
    if "Unable to load celery application" in output:
        return _("Does tasks.py have a variable celery, and is the file saved?")
    if seen is not None:
        return _("What does this line expect that is not there?")
    return _("Does something in your files end the program, sys.exit for example?")


def without_colours(text: str) -> str:
    """Return `text` without the codes that colour it in a terminal."""
    return _COLOUR.sub("", text)


def last_lines(text: str, root: Path, count: int) -> list[str]:
    """Return the last lines that say something, with the paths that their author knows."""
    lines = without_colours(text).replace(f"{root}/", "").splitlines()
    return [line.rstrip()[:_LINE_LENGTH] for line in lines if line.strip()][-count:]


def last_traceback(output: str, root: Path) -> str | None:
    """Return the last traceback in `output`: its frames in `root`, then the error; or None."""
    lines = output.splitlines()
    starts = [at for at, line in enumerate(lines) if line.strip().endswith(_START)]
    frames: list[str] = []
    if starts:
        block = lines[starts[-1] + 1 :]
    else:  # a syntax error that a command reports has frames and no heading
        first = next((at for at, line in enumerate(lines) if _FRAME.match(line)), None)
        if first is None:
            return None
        block = lines[first:]
    error: list[str] = []
    for at, line in enumerate(block):
        frame = _FRAME.match(line)
        if frame:
            inside = _relative(frame["path"], root)
            if inside is not None:
                name = frame["name"]
                frames.append(f"{inside}, line {frame['line']}" + (f", in {name}" if name else ""))
                frames.extend(_source_line(block[at + 1 :]))
        elif line and not line[0].isspace() and _ERROR.match(line):
            error = [line, *_continued(block[at + 1 :])]
            break
    if not error and not frames:
        return None
    shown = _last_frames(frames)
    told = [line.replace(f"{root}/", "")[:_LINE_LENGTH] for line in error[:_MESSAGE_LINES]]
    return "\n".join([*shown, *told])


def place_in_dump(dump: str, root: Path) -> str | None:
    """Return where a stack printed by faulthandler stood in `root`, innermost first."""
    for line in dump.splitlines():
        frame = _DUMP_FRAME.match(line)
        inside = _relative(frame["path"], root) if frame else None
        if frame and inside is not None:
            return f"{inside}, line {frame['line']}, in {frame['name']}"
    return None


def _relative(path: str, root: Path) -> str | None:
    try:
        inside = Path(path).relative_to(root)
    except ValueError:
        return None
    return None if any(part in (".venv", "site-packages") for part in inside.parts) else str(inside)


def _source_line(following: list[str]) -> list[str]:
    """The source line that Python prints beneath a frame."""
    source = next(iter(following), "")
    return ["  " + source.strip()[:_LINE_LENGTH]] if source.startswith("    ") else []


def _continued(following: list[str]) -> list[str]:
    kept: list[str] = []
    for line in following:
        over = line.startswith(("[", "During handling", "The above")) or _ACCESS_LOG.search(line)
        if not line.strip() or over:
            break
        kept.append(line)
    return kept


def _last_frames(frames: list[str]) -> list[str]:
    heads = [at for at, line in enumerate(frames) if not line.startswith("  ")]
    return frames[heads[-_FRAMES_SHOWN] :] if len(heads) > _FRAMES_SHOWN else frames


def _concerns(file: str, seen: str | None, output: str) -> bool:
    """Whether a file that hides a package can be the cause of what was printed."""
    return seen is None or re.search(rf"\b{re.escape(Path(file).stem)}\b", output) is not None

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
    seen = last_traceback(output, root)
    look: Text | None = None
    hidden = [file for file in shadows if seen is None or _concerns(file, output, root)]
    missing = re.search(r"ModuleNotFoundError: No module named '([\w.]+)'", seen or "")
    if hidden:
        look = _(
            "Your file {file} hides the package of the same name: rename it. Is that the cause?",
            file=hidden[0],
        )
    elif missing:
        look = _(
            "Is the package installed in this project? Is the name {name} spelt right?",
            name=missing.group(1).split(".")[0],
        )
    elif seen is not None:
        look = _("What does this line expect that is not there?")
    if seen is None:
        last = [line for line in output.splitlines() if line.strip()][-3:]
        seen = "\n".join(line[:_LINE_LENGTH] for line in last) or None
        look = look or _("Does something in your files end the program, sys.exit for example?")
    if exit_code is None:
        message = _("An exception ended this.")
    else:
        message = _("{name} stopped with exit code {code}.", name=name, code=exit_code)
    return ProgramStopped(message, seen=seen, look=look)


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
    return "\n".join([*shown, *(line[:_LINE_LENGTH] for line in error[:_MESSAGE_LINES])])


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
        if not line.strip() or line.startswith(("[", "During handling", "The above")):
            break
        kept.append(line)
    return kept


def _last_frames(frames: list[str]) -> list[str]:
    heads = [at for at, line in enumerate(frames) if not line.startswith("  ")]
    return frames[heads[-_FRAMES_SHOWN] :] if len(heads) > _FRAMES_SHOWN else frames


def _concerns(file: str, output: str, root: Path) -> bool:
    """Whether the hidden package's name, or the file that hides it, stands in the output."""
    module = Path(file).stem
    return str(root / file) in output or re.search(rf"\b{re.escape(module)}\b", output) is not None

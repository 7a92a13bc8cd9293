"""The front door: turns arguments into calls, and every problem into a sentence and a code."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from atelier.i18n import LANGUAGES, _, choose_language, say_as_gettext
from atelier.terminal import never_fail_on_characters

WRONG_USE = 2
INTERRUPTED = 130  # 128 + SIGINT, as a shell says it


def run(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - a return for each way to end
    """Run the command line `arguments` and return the exit code."""
    never_fail_on_characters()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _stop)
    say_as_gettext(choose_language(_asked_language(arguments) or _project_language()))
    # Late: the help texts of the commands are said in the language chosen above.
    from atelier.commands import atelier
    from atelier.course import BrokenCourse, UnknownStep
    from atelier.git import GitFailed
    from atelier.project import ProjectError
    from atelier.verdicts import Unmet

    try:
        code = atelier.main(list(arguments), "atelier", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (click.Abort, KeyboardInterrupt):
        click.echo("", err=True)
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "")
        return WRONG_USE
    except click.UsageError as error:
        return _refuse(arguments, "usage", _usage(error))
    except UnknownStep as error:
        return _refuse(arguments, "unknown-step", str(error))
    except ProjectError as error:
        return _refuse(arguments, error.code, str(error.text))
    except (BrokenCourse, GitFailed) as error:
        return _refuse(arguments, "workshop", str(error))
    except Unmet as error:
        text = "\n".join(str(part) for part in (error.message, error.seen, error.look) if part)
        _refuse(arguments, error.verdict.value, text)
        return 3
    except BrokenPipeError:
        # `atelier check | head`: nobody reads on, and nobody is told. Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _refuse(arguments, "system", f"{error.strerror}: {error.filename}")


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _refuse(arguments: Sequence[str], code: str, message: str) -> int:
    if "--json" in arguments:
        click.echo(json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False))
    else:
        click.echo(message, err=True)
    return WRONG_USE


def _usage(error: click.UsageError) -> str:
    """Say a wrong use in the reader's language: click itself speaks English only."""
    match error:
        case click.NoSuchOption():
            message = _("There is no option {name}.", name=error.option_name)
        case click.exceptions.NoSuchCommand():
            message = _("There is no command {name}.", name=error.command_name)
        case click.BadParameter():
            name = error.param.opts[0] if error.param else "?"
            message = _("This value of {name} cannot be used.", name=name)
        case click.BadOptionUsage():
            message = _("The option {name} needs a value.", name=error.option_name)
        case _:
            words = re.search(r"\(([^()]*)\)$", error.format_message())
            message = _("This is one word too many: {words}", words=words[1] if words else "?")
    path = error.ctx.command_path if error.ctx else "atelier"
    return f"{message} " + _("Help: pipenv run {command} --help", command=path)


def _asked_language(arguments: Sequence[str]) -> str | None:
    """The value of --lang, found before click reads the arguments: its help needs it."""
    for at, argument in enumerate(arguments):
        name, _equals, value = argument.partition("=")
        if name == "--lang":
            value = value or (arguments[at + 1] if at + 1 < len(arguments) else "")
            return value if value in LANGUAGES else None
    return None


def _project_language() -> str | None:
    from atelier.course import workshop_root
    from atelier.state import State

    state = State(workshop_root())
    progress = state.progress(state.project) if state.project else None
    return progress.language if progress else None

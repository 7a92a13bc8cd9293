"""`completion`: the command and its words, completed by the learner's shell."""

from __future__ import annotations

import shlex

import click

from atelier.commands.group import atelier, in_a_language
from atelier.course import workshop_root
from atelier.i18n import _

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_ATELIER_COMPLETE"  # what click looks for


@atelier.command(
    help=_("Print what lets your shell know atelier: its commands and steps, with the Tab key.")
)
@click.argument("shell", type=click.Choice(SHELLS))
@in_a_language
def completion(shell: str) -> None:
    """Print the lines for the shell's start-up file."""
    click.echo(completion_script(shell, str(workshop_root() / ".venv" / "bin" / "atelier")))


def completion_script(shell: str, program: str) -> str:
    """Return click's completion for `shell`, and a function `atelier` that runs `program`.

    The program is on no PATH: the function makes it known in every folder.
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    script = made(atelier, {}, "atelier", _VARIABLE).source()
    quoted = shlex.quote(program)
    match shell:
        case "bash":
            function = f'atelier() {{ {quoted} "$@"; }}'
            script = script.replace(
                f"{_VARIABLE}=bash_complete $1", f"{_VARIABLE}=bash_complete {quoted}"
            )
        case "zsh":
            function = f'atelier() {{ {quoted} "$@"; }}'
            script = script.replace("    (( ! $+commands[atelier] )) && return 1\n", "")
            script = script.replace(
                f"{_VARIABLE}=zsh_complete atelier", f"{_VARIABLE}=zsh_complete {quoted}"
            )
            # Before the user's own compinit has run, there is no compdef.
            script = (
                "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -u; }\n" + script
            )
        case _:
            function = f"function atelier; {quoted} $argv; end"
            script = script.replace("(commandline -t) atelier)", f"(commandline -t) {quoted})")
    return f"{function}\n{script}"

"""One lesson, done from its first line to its last.

What only this program must know stands in directives, `<!-- follow: … -->`:

- above commands: `ready "TEXT"` (they keep running, and are up when TEXT is shown),
  `fails` (an exit code other than 0 is meant), `skip SYSTEM "reason"` (not done here),
  `needs "COMMAND"` (done only where COMMAND, in the project, succeeds; also above what is seen);
- above a file block: `reminder` (it changes nothing);
- where it happens: `stop TERMINAL` and `stop TERMINAL twice` (Ctrl-C), `kill TERMINAL`
  (kill -9), `exit` (the Python shell is left), `idle TERMINAL` (wait until it shows nothing
  new), `solution` (the learner has solved the step).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

from atelier.course import Tree, read_tree, write_tree
from atelier.follow import edit, expect
from atelier.follow.mismatch import Mismatch
from atelier.follow.place import Place
from atelier.follow.result import files_of
from atelier.follow.terminal import Terminal, TooLong
from atelier.harness.deadline import Deadline
from atelier.lesson.blocks import (
    Block,
    Code,
    Commands,
    Directive,
    Document,
    FileBlock,
    Output,
    Prose,
    Session,
)
from atelier.lesson.session import read_session

_ENDS_WITHIN = 300.0  # seconds for a command: pipenv may have to install
_READY_WITHIN = 60.0
_ANSWERS_WITHIN = 60.0  # a statement in a Python shell
_STOPS_WITHIN = 60.0  # a worker ends its task
_IDLE_AFTER = 5.0  # longer than a task of the lessons
_SHOWS_WITHIN = 45.0  # a worker that has lost its broker pauses for longer and longer

_JUDGES = re.compile(r"\batelier check$")
_NAMED = re.compile(r"\bTerminal (Redis|RabbitMQ|worker|web|heroku)\b")
_OF_A_BLOCK = frozenset({"ready", "fails", "skip", "needs", "reminder", "interim"})
_PYTHON = "python"  # among what is missing: a Python shell that was not opened
# What others in a lesson use, in the order in which they are left.
_SERVERS = ("heroku", "rabbitmq", "redis")


@dataclass
class Counts:
    """What was done of a lesson: commands typed, statements among them, and those left out."""

    commands: int = 0
    skipped: list[str] = field(default_factory=list)


class Follower:
    """Follows one lesson; its terminals are its own.

    `judged` are the project's files as its last `atelier check` found all criteria met.
    """

    def __init__(self, document: Document, place: Place) -> None:
        self._document = document
        self._place = place
        self._file = document.path.relative_to(place.course.root)
        self._terminals: dict[str, Terminal] = {}
        self._last: str | None = None  # what the last commands printed, until it is compared
        self._named: list[str] = []
        self._left_out: Block | None = None  # the last block that was not done here
        self._missing: set[str] = set()  # terminals where something does not run for that reason
        self.counts = Counts()
        self.judged: Tree | None = None

    def follow(self) -> None:
        """Do what the lesson says. Raises Mismatch, and leaves what runs as it is."""
        above: Block | Directive | None = None
        for event in self._document.events:
            if isinstance(event, Directive):
                self._act(event)
                continue
            if isinstance(event, Code):
                for directive in event.directives:
                    if directive.name not in _OF_A_BLOCK:
                        self._act(directive)
            self._do(event, above)
            above = event

    def close(self) -> None:
        """Leave the terminals, the servers last, as a learner does at the end of a lesson."""
        servers = [name for name in _SERVERS if name in self._terminals]
        for name in [*(set(self._terminals) - set(servers)), *servers]:
            self._terminals[name].close()

    def _do(self, event: Block, above: Block | Directive | None) -> None:
        match event:
            case Prose():
                self._named += [name.lower() for name in _NAMED.findall(event.text)]
            case Code() if reason := self._reason_to_leave_out(event):
                self._leave_out(event, reason)
            case Commands():
                self._named = []
                self._type(event)
            case Session():
                self._named = []
                self._talk(event)
            case FileBlock():
                self._edit(event)
            case Output() if above is not None and above is self._left_out:
                pass
            case Output():
                self._compare(event, above)
                self._named = []
            case _:
                pass

    def _reason_to_leave_out(self, block: Code) -> str | None:
        """Say why `block` is not done here; None where it is done."""
        if skip := block.directive("skip"):
            return skip.arguments[-1]
        if needs := block.directive("needs"):
            [condition] = needs.arguments
            met = subprocess.run(
                [self._place.shell, "-c", condition],
                cwd=self._place.project,
                env=self._place.home.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
            if met.returncode != 0:
                return f"needs {condition}"
        return None

    def _leave_out(self, block: Code, reason: str) -> None:
        self._left_out = block
        if isinstance(block, Commands):
            self.counts.skipped += [f"{line}: {reason}" for line in block.lines]
            if block.directive("ready"):
                self._missing.add(block.terminal)
        elif isinstance(block, Session):
            self._missing.add(_PYTHON)
        if not isinstance(block, Commands | Output):
            self.counts.skipped.append(f"a block: {reason}")

    # Directives

    def _act(self, directive: Directive) -> None:
        match (directive.name, *directive.arguments):
            case ("idle" | "stop" | "kill", name, *_) if name in self._missing:
                pass
            case ("exit",) if _PYTHON in self._missing and not self._in_python():
                pass
            case ("stop", name) | ("stop", name, "twice") if name in self._terminals:
                terminal = self._terminals[name]
                times = 2 if directive.arguments[-1] == "twice" else 1
                self._need(terminal.running is not None, directive.line, f"nothing runs in {name}")
                deadline = Deadline(_STOPS_WITHIN)
                try:
                    terminal.press_ctrl_c(times, deadline)
                except TooLong:
                    raise self._too_long("Ctrl-C", directive.line, terminal, deadline) from None
            case ("kill", name) if name in self._terminals:
                self._terminals[name].kill(Deadline(_STOPS_WITHIN))
            case ("idle", name) if name in self._terminals:
                self._wait_until_idle(self._terminals[name])
            case ("exit",):
                open_ = self._in_python()
                self._need(bool(open_), directive.line, "no Python shell is open here")
                for terminal in open_:
                    terminal.leave_python(Deadline(_ANSWERS_WITHIN))
            case ("solution",):
                self._lay_solution()
            case _:
                words = " ".join((directive.name, *directive.arguments))
                raise self._wrong(directive.line, f"cannot be followed here: {words}")

    def _in_python(self) -> list[Terminal]:
        return [each for each in self._terminals.values() if each.in_python]

    def _lay_solution(self) -> None:
        """Write the files that the learner writes; what a command generates is the lesson's."""
        step = self._place.step
        solution = read_tree(step.solution)
        by_hand = {name: text for name, text in solution.items() if not step.generates(name)}
        write_tree(by_hand, self._place.project)

    def _wait_until_idle(self, terminal: Terminal) -> None:
        """Wait until the terminal has shown nothing new for a while."""
        deadline = Deadline(_ENDS_WITHIN)
        shown, quiet = terminal.shown, Deadline(_IDLE_AFTER)
        while not quiet.over and not deadline.over:
            self._place.pause()
            if terminal.shown != shown:
                shown, quiet = terminal.shown, Deadline(_IDLE_AFTER)

    # Commands

    def _type(self, block: Commands) -> None:
        terminal = self._terminal(block.terminal, in_workshop=block.in_workshop)
        busy = terminal.running or ("a Python shell" if terminal.in_python else None)
        self._need(busy is None, block.line, f"{busy} still runs in this terminal")
        printed, ended = "", []
        lines = list(_joined(block))
        for at, (line, command) in enumerate(lines):
            self.counts.commands += 1
            deadline = Deadline(_ENDS_WITHIN)
            code: int | None
            try:
                if at == len(lines) - 1 and (ready := block.directive("ready")):
                    self._missing.discard(block.terminal)
                    self._start(terminal, command, ready, line)
                    self._last = None
                    return
                if at == len(lines) - 1 and self._opens_python(block):
                    text, code = terminal.start_python(command, deadline)
                    self._need(code is None, line, f"{command}: no Python shell opened", text)
                else:
                    text, code = terminal.run(command, deadline)
            except TooLong:
                raise self._too_long(command, line, terminal, deadline) from None
            printed += text
            ended.append(code or 0)
            if code and not block.directive("fails"):
                raise self._wrong(line, f"{command}: exit code {code}", got=expect.end_of(text))
            if code == 0 and _JUDGES.search(command):
                self.judged = files_of(self._place.project)
        if block.directive("fails"):
            last = lines[-1][1]
            self._need(any(ended), block.line, f"{last}: exit code 0, another expected", printed)
        self._last = printed

    def _start(self, terminal: Terminal, command: str, ready: Directive, line: int) -> None:
        try:
            ended = terminal.start(command, ready.arguments[0], Deadline(_READY_WITHIN))
        except TooLong:
            raise self._wrong(
                line,
                f"{command}: not up within {_READY_WITHIN:.0f} s",
                expected=ready.arguments[0],
                got=expect.end_of(terminal.unread()),
            ) from None
        if ended is not None:
            text, code = ended
            got = expect.end_of(text)
            raise self._wrong(line, f"{command}: ended with exit code {code}", got=got)

    def _opens_python(self, block: Commands) -> bool:
        """Whether the next thing typed in the terminal of `block` is typed into a Python shell."""
        events = self._document.events
        for event in events[events.index(block) + 1 :]:
            if isinstance(event, Commands | Session) and event.terminal == block.terminal:
                return isinstance(event, Session)
        return False

    def _talk(self, block: Session) -> None:
        terminal = self._terminal(block.terminal, in_workshop=False)
        self._need(terminal.in_python, block.line, "no Python shell is open in this terminal")
        for exchange in read_session(block.text):
            self.counts.commands += 1
            line, typed = block.line + 1 + exchange.line, "\n".join(exchange.typed)
            deadline = Deadline(_ANSWERS_WITHIN)
            try:
                answer = terminal.type_python(exchange.typed, deadline)
            except TooLong:
                raise self._too_long(typed, line, terminal, deadline) from None
            expected = "\n".join(exchange.answer)
            if not expect.is_whole(expected, answer):
                raise self._differs(line, typed, expected, answer)

    def _terminal(self, name: str, *, in_workshop: bool) -> Terminal:
        place = self._place
        folder = place.course.root if in_workshop else place.project
        if name not in self._terminals:
            terminal = Terminal(place.family, place.shell, folder, place.home.environment)
            self._terminals[name] = terminal
        terminal = self._terminals[name]
        if terminal.running is None and not terminal.in_python:
            terminal.go_to(folder)
        return terminal

    # What is seen

    def _compare(self, block: Output, above: Block | Directive | None) -> None:
        """Compare with what was printed.

        Just below commands it is theirs. Elsewhere it is what the last commands printed, if
        that was not looked at yet, or what a terminal shows where something runs.
        """
        if isinstance(above, Commands) and above.directive("ready"):
            self._look(block, [above.terminal])
            return
        printed, self._last = self._last, None
        if printed is not None and expect.is_whole(block.text, printed):
            return
        if isinstance(above, Commands) and printed is not None:
            command = above.lines[-1]
            raise self._differs(block.line, command, block.text, printed)
        self._look(block, self._named or list(self._terminals), printed)

    def _look(self, block: Output, names: list[str], printed: str | None = None) -> None:
        """Wait until one of the terminals `names` shows what the block says."""
        watched = [self._terminals[name] for name in names if name in self._terminals]
        deadline = Deadline(_SHOWS_WITHIN)
        while True:
            over = deadline.over
            for terminal in watched:
                end = expect.find(block.text, terminal.shown[terminal.looked :])
                if end is not None:
                    terminal.looked += end
                    return
            if over:
                break
            self._place.pause()
        got = {
            f"in Terminal {name}": expect.end_of(
                self._terminals[name].shown[self._terminals[name].looked :]
            )
            for name in names
            if name in self._terminals
        }
        if printed is not None:
            got["got"] = expect.end_of(printed)
        raise self._wrong(block.line, "no terminal shows this", expected=block.text, **got)

    # Files

    def _edit(self, block: FileBlock) -> None:
        path = self._place.project / block.file
        content = path.read_text("utf-8") if path.is_file() else ""
        try:
            changed = edit.apply(block.text, content)
        except edit.NoPlace as error:
            raise self._wrong(
                block.line, f"this block has no place in {block.file}: {error}"
            ) from error
        same = changed == content
        if block.directive("reminder"):
            self._need(same, block.line, f"this reminder changes {block.file}")
        else:
            self._need(
                not same,
                block.line,
                f"this block changes nothing in {block.file}: is it a reminder?",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(changed, "utf-8")

    # Mismatches

    def _need(self, met: bool, line: int, what: str, printed: str | None = None) -> None:
        if not met:
            raise self._wrong(line, what, **({"got": expect.end_of(printed)} if printed else {}))

    def _differs(self, line: int, command: str, expected: str, printed: str) -> Mismatch:
        return self._wrong(
            line,
            f"{command}: does not print what the lesson says",
            expected=expected.rstrip() or "(nothing)",
            got=expect.end_of(printed),
        )

    def _too_long(
        self, command: str, line: int, terminal: Terminal, deadline: Deadline
    ) -> Mismatch:
        return self._wrong(
            line,
            f"{command}: not over within {deadline.seconds:.0f} s",
            got=expect.end_of(terminal.unread()),
        )

    def _wrong(self, line: int, what: str, **seen: str) -> Mismatch:
        return Mismatch(self._file, line, what, **seen)


def _joined(block: Commands) -> Iterator[tuple[int, str]]:
    """The commands of a block with their lines; a backslash at an end goes on with the next."""
    command, began = "", 0
    for number, line in enumerate(block.text.splitlines(), block.line + 1):
        began = began if command else number
        command += line
        if command.endswith("\\"):
            command += "\n"
        elif command.strip():
            yield began, command
            command = ""

"""The criteria as their files declare them, and those that nothing ever showed to be unmet."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from atelier.course import BrokenCourse, Course, Step


@dataclass(frozen=True)
class Declared:
    """A criterion by its step and its name; `place` is `file:line`, `until` a step's slug."""

    step: Step
    id: str
    place: str
    until: str | None

    def overtaken_at(self, course: Course, branch: Step) -> bool:
        """Whether it no longer holds in the solution of `branch`."""
        return self.until is not None and course.step(self.until).number <= branch.number


def declared_criteria(step: Step) -> tuple[Declared, ...]:
    """Return the criteria of `step`, in the order of its files. Imports nothing.

    Raises BrokenCourse for a file that is no Python.
    """
    return tuple(
        declared
        for file in sorted(step.exercise.glob("test_*.py"))
        for declared in _in_source(step, str(file.relative_to(step.root)), file.read_text("utf-8"))
    )


def _in_source(step: Step, name: str, source: str) -> Iterator[Declared]:
    try:
        module = ast.parse(source)
    except SyntaxError as error:
        raise BrokenCourse(f"{name}:{error.lineno}: {error.msg}") from error
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and _named(decorator.func) == "criterion":
                    place = f"{name}:{node.lineno}"
                    yield Declared(step, node.name.removeprefix("test_"), place, _until(decorator))


def _named(function: ast.expr) -> str | None:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return None


def _until(decorator: ast.Call) -> str | None:
    for keyword in decorator.keywords:
        if keyword.arg == "until" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    return None


def never_unmet(criteria: Iterable[Declared], unmet: Collection[tuple[str, str]]) -> Iterator[str]:
    """Yield the criteria that are not in `unmet`, pairs of a step's name and a criterion's."""
    for declared in criteria:
        if (declared.step.name, declared.id) not in unmet:
            yield (
                f"{declared.place}: {declared.id} was met wherever it was judged, so it may judge "
                f"nothing; add a wrong answer that it must find to {declared.step.name}/wrong/"
            )

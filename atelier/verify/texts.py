"""What needs no process: titles, lessons, answers as they are laid down, the root app, strings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from atelier.answers import answers_to
from atelier.catalogue import defects as catalogue_defects
from atelier.course import BrokenCourse, Course, Step
from atelier.i18n import LANGUAGES
from atelier.lesson.blocks import Document
from atelier.lesson.coverage import coverage_defects
from atelier.lesson.diagrams import stray_defects
from atelier.lesson.language import language_defects
from atelier.lesson.parity import parity_defects
from atelier.lesson.parse import LessonError, read_lesson
from atelier.lesson.readability import readability_defects
from atelier.step_files import placeholder_defects
from atelier.verify.criteria import declared_criteria
from atelier.verify.root_app import root_defects

_OF_EACH_KIND = 2  # right answers, and wrong ones, that a step has at least


def text_defects(course: Course) -> Iterator[str]:
    """Yield every defect that can be found without starting a process."""
    for step in course.steps:
        yield from step_defects(step)
        yield from until_defects(course, step)
        yield from lesson_defects(course, step)
    with suppress(LessonError):  # told with the lesson that cannot be read
        yield from stray_defects(course.root / "lessons")
    yield from placeholder_defects(course.root)
    yield from root_defects(course)
    yield from catalogue_defects(course.root)


def lesson_defects(course: Course, step: Step) -> Iterator[str]:
    """Yield what is wrong with the lesson of a step, in each language and between them."""
    documents: dict[str, Document] = {}
    for language in LANGUAGES:
        file = step.lesson(language)
        if not file.is_file():
            yield f"{file.relative_to(course.root)}: is not there; write it"
            continue
        try:
            documents[language] = read_lesson(file)
        except LessonError as error:
            yield str(error)
    for language, document in documents.items():
        yield from _title_defects(step, document, language)
        yield from coverage_defects(course, step, document)
        yield from readability_defects(document)
        yield from language_defects(document, language)
    if len(documents) == len(LANGUAGES):
        yield from parity_defects(*documents.values())


def _title_defects(step: Step, document: Document, language: str) -> Iterator[str]:
    wanted = f"{step.number:02d} · {step.titles.get(language, '')}"
    headings = document.headings()
    title = headings[0].text if headings else ""
    if title != wanted:
        yield (
            f"{document.path}:1: the title is “{title}”; {step.exercise.name}/step.toml "
            f"says “{wanted}”"
        )


def step_defects(step: Step) -> Iterator[str]:
    """Yield what a step lacks: a solution, criteria, answers that name them, hints."""
    where = f"exercises/{step.name}"
    if not step.solution.is_dir():
        yield f"solutions/{step.name}: is not there; put the files of the solution into it"
    try:
        criteria = {declared.id for declared in declared_criteria(step)}
        answers = list(answers_to(step))
    except BrokenCourse as error:
        yield str(error)
        return
    if not criteria:
        yield f"{where}: has no criterion; write one into test_{step.slug.replace('-', '_')}.py"
    for kind, count in (
        ("right", sum(answer.expectation is None for answer in answers)),
        ("wrong", sum(answer.expectation is not None for answer in answers)),
    ):
        if count < _OF_EACH_KIND:
            yield f"{where}/{kind}: {count} {kind} answers; at least {_OF_EACH_KIND} are wanted"
    for answer in answers:
        if answer.expectation and answer.expectation.criterion not in criteria:
            yield (
                f"exercises/{answer.name}/expect.toml: there is no criterion "
                f"{answer.expectation.criterion} in {step.name}"
            )
    for language in LANGUAGES:
        if not (step.exercise / f"hints.{language}.md").is_file():
            yield f"{where}/hints.{language}.md: is not there; write a hint"


def until_defects(course: Course, step: Step) -> Iterator[str]:
    """Yield the criteria of a step that hold until a step which does not come after it."""
    later = {each.slug for each in course.steps if each.number > step.number}
    with suppress(BrokenCourse):  # told with the other defects of the step
        for declared in declared_criteria(step):
            if declared.until is not None and declared.until not in later:
                yield (
                    f"{declared.place}: until={declared.until!r} names no later step; "
                    "write the slug of the step that overtakes it"
                )

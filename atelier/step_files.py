"""The files of a step that is still to be written: every place to fill in bears a marker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from atelier.course import Step
from atelier.i18n import LANGUAGES

# What stands where something is to be written, by language. None may be left in the course.
PLACEHOLDERS = ("TODO", "À FAIRE")
_PLACEHOLDER = re.compile("|".join(rf"\b{marker}\b" for marker in PLACEHOLDERS))
MINUTES = 20
TITLES = {"en": "TODO the title", "fr": "À FAIRE le titre"}

_HINTS = {"guided": 2, "practice": 3}
_ANSWERS = ("todo-one", "todo-two")  # two of each kind, at the least


def files_of(step: Step) -> dict[str, str]:
    """Return the files of a new step by their path in the repository."""
    exercise, solution = f"exercises/{step.name}", f"solutions/{step.name}"
    files = {
        f"{exercise}/step.toml": _SETTINGS.format(kind=step.kind, minutes=step.minutes),
        f"{exercise}/test_{step.slug.replace('-', '_')}.py": _CRITERIA.format(
            number=f"{step.number:02d}"
        ),
    }
    for language in LANGUAGES:
        numbers = range(1, _HINTS[step.kind] + 1)
        files[f"{exercise}/hints.{language}.md"] = "\n".join(
            f"## {number}\n\n{_HINT[language]}\n" for number in numbers
        )
    for name in _ANSWERS:
        files[f"{exercise}/wrong/{name}/expect.toml"] = _EXPECT
        files[f"{exercise}/right/{name}/todo.py"] = _RIGHT
    files[f"{solution}/todo.py"] = _SOLUTION
    for language in LANGUAGES:
        files[f"lessons/{language}/{step.name}.md"] = _lesson(step, language)
    return files


def placeholder_defects(root: Path) -> Iterator[str]:
    """Yield every line of the course in `root` that is still to be written."""
    pages = [root / "README.md", root / "README.fr.md"]
    for folder in ("exercises", "solutions", "lessons"):
        pages += sorted(path for path in (root / folder).rglob("*") if path.is_file())
    for page in pages:
        lines = page.read_text("utf-8", "replace").splitlines() if page.is_file() else []
        for number, line in enumerate(lines, start=1):
            if _PLACEHOLDER.search(line):
                yield f"{page.relative_to(root)}:{number}: to be written: {line.strip()}"


def row_of(step: Step, language: str) -> str:
    """Return the row of a step in the table of the lessons."""
    title, file = step.titles[language], f"lessons/{language}/{step.name}.md"
    practice = _PRACTICE[language] if step.kind == "practice" else ""
    return f"| {step.number:02d} | [{title}]({file}){practice} | {step.minutes} |\n"


def _lesson(step: Step, language: str) -> str:
    work = _WORK[language, step.kind].format(name=step.name)
    return _LESSON[language].format(
        number=f"{step.number:02d}",
        title=step.titles[language],
        name=step.name,
        minutes=step.minutes,
        work=work,
    )


_PRACTICE = {"en": ": practice", "fr": " : exercice libre"}

_SETTINGS = """\
kind = "{kind}"
minutes = {minutes}

[title]
en = "TODO the title"
fr = "À FAIRE le titre"
"""

_CRITERIA = '''\
"""Step {number}: TODO what a project does when this step is done."""

from atelier.checks import _, criterion, expect


@criterion(_("TODO what works then"), file="todo.py")
def test_todo(project):
    expect(
        "TODO" not in project.text("todo.py"),
        _("Expected: TODO a fact."),
        seen=_("TODO a measurement."),
        look=_("TODO one question?"),
    )
'''

_HINT = {
    "en": "TODO a question that leads to the next thing to do; the last hint nearly says it.",
    "fr": "À FAIRE une question qui mène à la suite ; le dernier indice le dit presque.",
}

_EXPECT = """\
# TODO put beside this file those of an answer that learners really give. They are laid over the
# solution. Name the folder after the mistake. Then say here what must be told.
criterion = "todo"
verdict = "fail"

[message]
en = "TODO"
fr = "À FAIRE"
"""

_RIGHT = """\
# TODO put here the files of an answer of another form that does the same, and remove this one.
# They are laid over the solution. Name the folder after the form.
"""

_SOLUTION = """\
# TODO put here the files that this step adds or changes, and remove this one.
"""

_WORK = {
    ("en", "guided"): """\
### 1. TODO what is done first

TODO why, then what to type. Every line that the step adds stands in such a block:

`todo.py`

```python
# TODO
```

TODO what it means.""",
    ("fr", "guided"): """\
### 1. À FAIRE ce que l’on fait d’abord

À FAIRE pourquoi, puis que taper. Chaque ligne que l’étape ajoute figure dans un tel bloc :

`todo.py`

```python
# À FAIRE
```

À FAIRE ce que cela veut dire.""",
    ("en", "practice"): """\
### 1. TODO the problem

TODO what can be seen today, and what must be true when this is done.
The solution is not shown.

> [!TIP]
> Three hints wait in [hints.en.md](../../exercises/{name}/hints.en.md). Read one, try again,
> and read the next one only if you need it.

<!-- follow: solution -->
Go on when your version is written and saved.

### 2. TODO seeing that it works

TODO what to type, what you will see, what it means.""",
    ("fr", "practice"): """\
### 1. À FAIRE le problème

À FAIRE ce que l’on voit aujourd’hui, et ce qui doit être vrai à la fin.
La solution n’est pas montrée.

> [!TIP]
> Trois indices vous attendent dans [hints.fr.md](../../exercises/{name}/hints.fr.md).
> Lisez-en un, essayez encore, et ne lisez le suivant qu’en cas de besoin.

<!-- follow: solution -->
Passez à la suite quand votre version est écrite et enregistrée.

### 2. À FAIRE voir que cela marche

À FAIRE que taper, ce que vous verrez, ce que cela veut dire.""",
}

_LESSON = {
    "en": """\
# {number} · {title}

[Français](../fr/{name}.md)

**{minutes} min · one idea: TODO · terminals: free, atelier**

## What you will be able to do

- TODO

## Why it matters

TODO

## Before you start

Open two terminals: the free one in the project's folder,
the Terminal atelier in the workshop's.

| Terminal | What runs in it | The line that says it is up |
|---|---|---|
| free | `git`, TODO | the prompt |
| atelier (workshop's folder) | `pipenv run atelier check` | the prompt |

## Step by step

{work}

## Experiment

**Predict.** TODO a question about something that breaks safely.

**Try.** TODO

**You will see.** TODO

**Put it back.** TODO

## Check your work

**Terminal atelier**

```bash
pipenv run atelier check
```

```text
...
All ... criteria are met. Next step: pipenv run atelier next
```

Then keep your work:

**Free terminal**

```bash
git add TODO
git commit -m "TODO"
```

```text
[celery ...] TODO
...
```

## Three questions

<details>
<summary>1. TODO a question about what people believe wrongly?</summary>

TODO

</details>

<details>
<summary>2. TODO?</summary>

TODO

</details>

<details>
<summary>3. TODO?</summary>

TODO

</details>

## When it does not work

- `TODO` the text of a real error, the most frequent first: TODO what to do.

## Remember

1. TODO
2. TODO
3. TODO
4. TODO
5. TODO

## Going further

- TODO
""",
    "fr": """\
# {number} · {title}

[English](../en/{name}.md)

**{minutes} min · une idée : À FAIRE · terminaux : libre, atelier**

## Ce que vous saurez faire

- À FAIRE

## Pourquoi

À FAIRE

## Avant de commencer

Ouvrez deux terminaux : le Terminal libre dans le dossier du projet,
le Terminal atelier dans celui de l’atelier.

| Terminal | Ce qui y tourne | La ligne qui dit que c’est prêt |
|---|---|---|
| libre | `git`, À FAIRE | l’invite de commande |
| atelier (dossier de l’atelier) | `pipenv run atelier check` | l’invite de commande |

## Pas à pas

{work}

## Expérience

**Prévoyez.** À FAIRE une question sur ce que l’on casse sans risque.

**Essayez.** À FAIRE

**Vous verrez.** À FAIRE

**Remettez en place.** À FAIRE

## Vérifiez votre travail

**Terminal atelier**

```bash
pipenv run atelier check
```

```text
...
Les ... critères sont remplis. Étape suivante : pipenv run atelier next
```

Gardez ensuite votre travail :

**Terminal libre**

```bash
git add TODO
git commit -m "TODO"
```

```text
[celery ...] TODO
...
```

## Trois questions

<details>
<summary>1. À FAIRE une question sur ce que l’on croit à tort ?</summary>

À FAIRE

</details>

<details>
<summary>2. À FAIRE ?</summary>

À FAIRE

</details>

<details>
<summary>3. À FAIRE ?</summary>

À FAIRE

</details>

## Quand ça ne marche pas

- `À FAIRE` le texte d’une vraie erreur, la plus fréquente d’abord : À FAIRE que faire.

## À retenir

1. À FAIRE
2. À FAIRE
3. À FAIRE
4. À FAIRE
5. À FAIRE

## Pour aller plus loin

- À FAIRE
""",
}

"""Step 09: make_celery makes Celery from the Flask app, and a worker of it answers."""

from atelier.checks import _, criterion, expect

QUESTION = """
from celery import Celery
from flask import Flask
import tasks

found = getattr(tasks, "celery", None)
is_celery = isinstance(found, Celery)
tell({
    "type": type(found).__name__,
    "is_celery": is_celery,
    "broker": found.conf.broker_url if is_celery else None,
    "backend": found.conf.result_backend if is_celery else None,
})

def make():
    other = Flask("other")
    other.config.update(CELERY_BROKER_URL=broker, CELERY_RESULT_BACKEND=backend)
    made = tasks.make_celery(other)
    is_celery = isinstance(made, Celery)
    return {
        "type": type(made).__name__,
        "addresses": [made.conf.broker_url, made.conf.result_backend] if is_celery else None,
    }

tell(hasattr(tasks, "make_celery"))
attempt(make)
"""

OTHER_BROKER, OTHER_BACKEND = "redis://127.0.0.1:7001/1", "redis://127.0.0.1:7001/2"


def ask(worlds):
    """Ask tasks.py what it has; a file that is not there yet is no program that stopped."""
    world = worlds.shared()
    world.source.text("tasks.py")
    question = world.ask(QUESTION, broker=OTHER_BROKER, backend=OTHER_BACKEND)
    return question, question.answer(20), world.redis_server.url


@criterion(_("tasks.celery is a Celery with the addresses of config.py"), file="tasks.py")
def test_celery_has_the_settings(worlds):
    _question, found, wanted = worlds.once(ask)
    expect(
        found["is_celery"],
        _("Expected: tasks.py has a variable celery, and it is a Celery."),
        seen=found["type"],
        look=_("What does make_celery return, and which variable keeps it?"),
    )
    for name in ("broker", "backend"):
        expect(
            found[name] == wanted,
            _("Expected: the {name} of tasks.celery is the value of REDIS_URL.", name=name),
            seen=_(
                "REDIS_URL is {wanted}, the {name} is {seen}",
                wanted=wanted,
                name=name,
                seen=found[name],
            ),
            look=_("Are broker and backend both given when Celery is made?"),
        )


@criterion(_("make_celery(app) reads the app that it is given"), file="tasks.py")
def test_make_celery_uses_its_app(worlds):
    question, _found, _wanted = worlds.once(ask)
    expect(
        question.answer(10, number=2),
        _("Expected: tasks.py has a function make_celery."),
        seen=_("There is none."),
        look=_("Is the name spelt exactly like this?"),
    )
    made = question.answer(10, number=3)
    expect(
        made["addresses"],
        _("Expected: make_celery(app) returns a Celery."),
        seen=made["type"],
        look=_("Does the function end with a return?"),
    )
    expect(
        made["addresses"] == [OTHER_BROKER, OTHER_BACKEND],
        _("Expected: another app with other settings gives a Celery with those settings."),
        seen=_(
            "given {given}, made with {made}",
            given=f"{OTHER_BROKER}, {OTHER_BACKEND}",
            made=", ".join(map(str, made["addresses"])),
        ),
        look=_("Does make_celery read app.config, and not Config or the environment?"),
    )


@criterion(_("The worker starts and answers"), file="tasks.py")
def test_worker_answers(project, worker):
    project.text("tasks.py")
    expect(
        worker.answers(),
        _("Expected: the worker answers a ping."),
        seen=worker.last_log(),
        look=_("Which address does the worker show after transport?"),
    )

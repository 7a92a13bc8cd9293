"""Step 11: tasks reach the database, because each runs in the app's context."""

import random

from atelier.checks import Deadline, _, criterion, expect

ADD_PRODUCTS = """
from models import Product, db
from wsgi import app
with app.app_context():
    db.session.add_all(Product(name=f"product {number}") for number in range(count))
    db.session.commit()
tell(None)
"""

# A task of ours beside the learner's: it tells whether there is a context, and whose.
QUESTION = """
from flask import current_app, has_app_context
from tasks import celery

@celery.task(name="context_question.app_name")
def app_name():
    return current_app.name if has_app_context() else None
"""


def with_question(world):
    (world.root / "context_question.py").write_text(QUESTION)
    world.worker_options.append("--include=context_question")
    world.migrate()


@criterion(_("The worker knows tasks.count_products"), file="tasks.py")
def test_worker_knows_the_task(worlds):
    worker = worlds.shared(with_question).worker
    expect(
        "tasks.count_products" in worker.registered_tasks(),
        _("Expected: tasks.count_products under [tasks] when the worker starts."),
        seen=worker.registered_tasks(),
        look=_("Does the function have a task decorator? Is the file saved?"),
    )


@criterion(_("count_products gives the number of products, counted in the worker"), file="tasks.py")
def test_products_are_counted(worlds):
    world = worlds.shared(with_question)
    worker = world.worker
    count = random.randrange(3, 40)
    world.python(ADD_PRODUCTS, count=count)
    result = world.queue.wait_for_result(world.queue.put("tasks.count_products"), Deadline(10))
    expect(
        result is not None and result.state == "SUCCESS" and result.value == count,
        _("Expected: with {count} products in the database, the task gives {count}.", count=count),
        seen=f"{result.state}: {result.value}" if result else worker.last_log(),
        look=_("What does the worker's log say? Does the task run inside app.app_context()?"),
    )


@criterion(_("Every task runs in an application context"), file="tasks.py")
def test_every_task_has_a_context(worlds):
    world = worlds.shared(with_question)
    worker = world.worker
    result = world.queue.wait_for_result(world.queue.put("context_question.app_name"), Deadline(10))
    expect(
        result is not None and result.value is not None,
        _("Expected: a task that knows nothing of contexts finds current_app all the same."),
        seen=f"{result.state}: {result.value}" if result else worker.last_log(),
        look=_("Does make_celery set celery.Task to your ContextTask, before any task is made?"),
    )

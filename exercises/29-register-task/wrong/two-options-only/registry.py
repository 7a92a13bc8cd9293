from importlib import import_module
from inspect import isfunction
from pkgutil import walk_packages

from flask import current_app


def task(function=None, **options):
    def mark(function):
        function.task_options = options
        return function

    return mark if function is None else mark(function)


def register_task(function, name=None, acks_late=False, max_retries=3, **_more):
    name = name or f"{function.__module__}.{function.__name__}"
    celery = current_app.extensions["celery"]
    functions = current_app.extensions.setdefault("tasks", {})
    if functions.get(name) is function:
        return
    if name in celery.tasks:
        raise ValueError(f"Two tasks cannot have one name: {name} is registered already.")
    # Without shared=False, Celery gives the task to every app that is made from now on.
    celery.task(name=name, shared=False, acks_late=acks_late, max_retries=max_retries)(function)
    functions[name] = function


def scan(app, package):
    package = import_module(package)
    below = walk_packages(package.__path__, f"{package.__name__}.")
    with app.app_context():
        for name in (package.__name__, *(found.name for found in below)):
            for value in vars(import_module(name)).values():
                is_task = isfunction(value) and hasattr(value, "task_options")
                if is_task and value.__module__ == name:
                    register_task(value, **value.task_options)


def name_of(task):
    if isinstance(task, str):
        return task
    for name, function in current_app.extensions.get("tasks", {}).items():
        if function is task:
            return name
    # A shared task knows its name, a marked function the one that it was given.
    return getattr(task, "name", None) or getattr(task, "task_options", {}).get("name")


def delay_task(task, /, *args, **kwargs):
    celery = current_app.extensions["celery"]
    name = name_of(task)
    if name not in celery.tasks:
        raise ValueError(f"{task!r} is not a registered task.")
    return celery.tasks[name].delay(*args, **kwargs)


def get_task_result(task_id):
    return current_app.extensions["celery"].AsyncResult(task_id)

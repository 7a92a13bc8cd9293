import inspect
import pkgutil
from importlib import import_module

from flask import current_app


class NotRegistered(ValueError):
    pass


class NameIsTaken(ValueError):
    pass


class Tasks:
    """The tasks of one app."""

    def __init__(self, celery):
        self.celery = celery
        self.functions = {}

    def add(self, function, name=None, **options):
        name = name or ".".join([function.__module__, function.__qualname__.split(".")[-1]])
        known = self.functions.get(name)
        if known is function:
            return self.celery.tasks[name]
        if known or name in self.celery.tasks:
            raise NameIsTaken(f"{name} is taken: {function} needs another name")
        self.functions[name] = function
        options.setdefault("shared", False)
        options.setdefault("lazy", False)
        return self.celery.task(name=name, **options)(function)

    def find(self, task):
        for name, function in self.functions.items():
            if task is function or task == name:
                return self.celery.tasks[name]
        try:
            return self.celery.tasks[getattr(task, "name", task)]
        except (KeyError, TypeError):
            raise NotRegistered(f"nobody registered {task}") from None


def task(*given, name=None, **options):
    def mark(function):
        function._celery_task = {"name": name, **options}
        return function

    return mark(*given) if given else mark


def app_tasks():
    extensions = current_app.extensions
    if "registry" not in extensions:
        extensions["registry"] = Tasks(extensions["celery"])
    return extensions["registry"]


def register_task(function, name=None, **options):
    return app_tasks().add(function, name, **options)


def modules_of(name):
    module = import_module(name)
    yield module
    for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
        yield from modules_of(f"{name}.{found.name}")


def scan(app, package):
    with app.app_context():
        for module in modules_of(package):
            for _name, function in inspect.getmembers(module, inspect.isfunction):
                if function.__module__ == module.__name__ and hasattr(function, "_celery_task"):
                    register_task(function, **function._celery_task)


def delay_task(task, /, *args, **kwargs):
    return app_tasks().find(task).apply_async(args, kwargs)


def get_task_result(task_id):
    return app_tasks().celery.AsyncResult(task_id)

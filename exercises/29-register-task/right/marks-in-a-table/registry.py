from importlib import import_module
from pathlib import Path

from flask import current_app

MARKED = {}


def task(function=None, **options):
    if function is None:
        return lambda found: task(found, **options)
    MARKED[function] = options
    return function


def ours():
    return current_app.extensions["celery"]


def register_task(function, name=None, **options):
    name = name or function.__module__ + "." + function.__name__
    known = ours().tasks.get(name)
    if known is not None:
        if getattr(known, "function", None) is function:
            return
        raise RuntimeError(f"Another function is called {name}.")
    made = ours()._task_from_fun(function, name=name, **options)
    made.function = function


def scan(app, package):
    root = Path(next(iter(import_module(package).__path__)))
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        import_module(".".join([package, *(part for part in parts if part != "__init__")]))
    with app.app_context():
        for function, options in MARKED.items():
            if function.__module__.split(".")[0] == package:
                register_task(function, **options)


def delay_task(task, /, *args, **kwargs):
    for name, each in ours().tasks.items():
        if name == task or getattr(each, "function", None) is task:
            return ours().send_task(name, args=args, kwargs=kwargs)
    raise ValueError(f"Register {task} first.")


def get_task_result(task_id):
    return ours().AsyncResult(id=task_id)

"""Run by the interpreter of an environment: imports its large libraries once, then forks.

`python warm_server.py DESCRIPTOR`, a Unix stream socket on which it first tells, as a line of
JSON, the names of the modules that it holds. Each request is eight bytes, the length, with
the descriptor of an output beside them, and JSON: `argv`, `cwd`, `env`. The answer is a line
with the id of the process, the leader of a session of its own, which goes on as a fresh
`python argv…` would. It is nobody's child here: the nearest subreaper becomes its parent.

Only the standard library: the environment is not the workshop's own.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path

# Not gunicorn: it reads PORT when it is imported.
_LIBRARIES = (
    *("flask.cli", "dotenv", "flask_sqlalchemy", "flask_migrate", "flask_marshmallow"),
    *("marshmallow_sqlalchemy", "sqlalchemy.dialects.sqlite", "alembic.command"),
    *("alembic.autogenerate", "celery.__main__", "celery.bin.celery", "celery.apps.worker"),
    *("celery.worker.consumer", "celery.worker.components", "celery.worker.strategy"),
    *("celery.concurrency.solo", "celery.concurrency.thread", "celery.concurrency.prefork"),
    *("celery.app.amqp", "celery.app.log", "celery.app.control", "celery.app.events"),
    *("celery.backends.redis", "kombu.transport.redis", "celery.loaders.app", "pytest"),
    "sqlalchemy.dialects.postgresql.psycopg",
)


def _serve(channel: socket.socket) -> list[str] | None:
    """Answer until the channel is closed; in the process of a request, return what it asks."""
    while True:
        header, descriptors, _flags, _address = socket.recv_fds(channel, 8, 1)
        if not header:
            return None
        with channel.makefile("rb", buffering=0) as file:
            content = b""
            while len(content) < int.from_bytes(header):
                content += file.read(int.from_bytes(header) - len(content)) or b""
        request = json.loads(content)
        [output] = descriptors
        reading, writing = os.pipe()
        between = os.fork()
        if between == 0:
            if os.fork() != 0:
                os._exit(0)
            os.setsid()
            os.write(writing, str(os.getpid()).encode() + b"\n")
            for descriptor in (reading, writing):
                os.close(descriptor)
            channel.close()
            return _become(request, output)
        for descriptor in (writing, output):
            os.close(descriptor)
        with os.fdopen(reading, "rb") as file:
            pid = file.readline()
        os.waitpid(between, 0)  # its child is an orphan from now on
        channel.sendall(pid)


def _become(request: dict, output: int) -> list[str]:  # type: ignore[type-arg]
    """Take the output, the folder and the environment of a request."""
    for standard in (1, 2):
        os.dup2(output, standard)
    os.close(output)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    gc.enable()
    if folders := [each for each in os.environ.get("PYTHONPATH", "").split(":") if each]:
        _add(folders)
    argv: list[str] = request["argv"]
    return argv


def _add(folders: list[str]) -> None:
    """Do for the folders of PYTHONPATH what Python does when it starts."""
    sys.path[:0] = [str(Path(folder).absolute()) for folder in folders]
    sys.modules.pop("sitecustomize", None)
    with contextlib.suppress(ImportError):
        importlib.import_module("sitecustomize")


def _without_this_file(kind, error, traceback) -> None:  # type: ignore[no-untyped-def]
    while traceback and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    sys.__excepthook__(kind, error.with_traceback(traceback), traceback)


def _program(argv: list[str]) -> Callable[[], object]:
    """Prepare what Python prepares for `python [-P] -c CODE …`, `-m MODULE …` or a script."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=__builtins__, __annotations__={})
    sys.modules["__main__"] = main
    sys.orig_argv = [sys.executable, *argv]
    if argv[0] == "-m":
        _option, module, *arguments = argv
        sys.path.insert(0, str(Path.cwd()))
        sys.argv = ["-m", *arguments]
        # What Python itself calls. Source: Modules/main.c, pymain_run_module()
        return lambda: runpy._run_module_as_main(module)  # type: ignore[attr-defined]
    if "-c" in argv[:2]:
        if argv[0] == "-c":
            sys.path.insert(0, "")
        text, *arguments = argv[argv.index("-c") + 1 :]
        sys.argv = ["-c", *arguments]
        code = compile(text, "<string>", "exec", dont_inherit=True)
    else:
        sys.argv = list(argv)
        script = Path(argv[0])
        sys.path.insert(0, str(script.resolve().parent))
        main.__file__ = str(script.absolute())
        code = compile(script.read_bytes(), main.__file__, "exec", dont_inherit=True)
    return lambda: exec(code, main.__dict__)


def _run(argv: list[str]) -> None:
    """Run a program and end as Python does, but for taking the modules apart.

    That would copy each page of memory that they share with the process they were forked from.
    """
    status, interrupted = 0, False
    try:
        _program(argv)()
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        if stop.code is not None and not isinstance(stop.code, int):
            print(stop.code, file=sys.stderr)
    except BaseException as error:
        status, interrupted = 1, isinstance(error, KeyboardInterrupt)
        sys.excepthook(*sys.exc_info())
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    if interrupted:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(status & 0xFF)


channel = socket.socket(fileno=int(sys.argv[1]))
channel.set_inheritable(False)
sys.path.pop(0)  # the folder of this file
signal.signal(signal.SIGINT, signal.default_int_handler)
for library in _LIBRARIES:
    with contextlib.suppress(ImportError):
        importlib.import_module(library)
gc.collect()
gc.disable()
gc.freeze()  # else a collection in a child would copy every page
channel.sendall(json.dumps(sorted({n.partition(".")[0] for n in sys.modules})).encode() + b"\n")
asked = _serve(channel)
if asked is not None:
    sys.excepthook = _without_this_file
    _run(asked)

"""The git side of the platform: pushes over http, spoken by git's own `http-backend`."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

from flask import Blueprint, Response, current_app, request

from atelier.git import git
from atelier.heroku import push_hook
from atelier.heroku.live_app import LiveApp
from atelier.heroku.platform import Platform
from atelier.heroku.pushes import Pushes
from atelier.heroku.refusals import Refusal, not_found

_LARGEST_PUSH = 500 * 1024 * 1024  # bytes
_CHUNK = 64 * 1024
_ENDS_WITHIN = 5.0  # seconds for a backend that has written its answer

blueprint = Blueprint("git", __name__)


def prepare_repository(place: Path) -> None:
    """Make the bare repository of an app, complete or not at all."""
    if place.is_dir():
        return
    new = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
    git(place.parent, "init", "-q", "--bare", "-b", "main", "--template=", str(new))
    for name, value in (
        ("http.receivepack", "true"),
        ("receive.maxInputSize", str(_LARGEST_PUSH)),
        ("receive.denyDeletes", "true"),
        ("receive.autogc", "false"),
        ("gc.auto", "0"),
        ("core.hooksPath", "hooks"),
    ):
        git(new, "config", name, value)
    (new / "hooks").mkdir(exist_ok=True)
    hook = new / "hooks" / "pre-receive"
    command = shlex.join([sys.executable, "-I", str(Path(push_hook.__file__).resolve())])
    hook.write_text(f"#!/bin/sh\nexec {command}\n", "utf-8")
    hook.chmod(0o755)
    try:
        new.rename(place)
    except OSError:  # another push made it in the same moment
        shutil.rmtree(new, ignore_errors=True)


@blueprint.route("/<name>.git/<path:rest>", methods=["GET", "POST"])
def serve(name: str, rest: str) -> Response:
    """Let `git http-backend` answer."""
    platform: Platform = current_app.extensions["platform"]
    live = platform.live(name)
    if rest not in ("info/refs", "git-receive-pack", "git-upload-pack"):
        raise not_found("There is nothing here but what git asks for.")
    place = platform.places.repository(live.id)
    prepare_repository(place)
    return _answer(platform, live, place, rest)


@blueprint.post("/<name>.git/build")
def build(name: str) -> Response:
    """Deploy what the hook of a push names; the answer streams what the learner reads."""
    platform: Platform = current_app.extensions["platform"]
    pushes: Pushes = current_app.extensions["pushes"]
    body = request.get_json()
    live = platform.live(name)
    lines = pushes.deploy(live, body["updates"], body["quarantine"])
    return Response(lines, mimetype="text/plain")


def _answer(platform: Platform, live: LiveApp, place: Path, rest: str) -> Response:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(platform.places.home),
        "LC_ALL": "C.UTF-8" if sys.platform != "darwin" else "en_US.UTF-8",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROJECT_ROOT": str(place.parent),
        "PATH_INFO": f"/{place.name}/{rest}",
        "REMOTE_USER": "learner",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query_string.decode("latin-1"),
        "CONTENT_TYPE": request.content_type or "",
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "ATELIER_PUSH_HOST": f"127.0.0.1:{platform.port}",
        "ATELIER_PUSH_PATH": f"/{live.name}.git/build",
        "ATELIER_PUSH_KEY": f"Bearer {platform.key}",
    }
    process = subprocess.Popen(
        ["git", "http-backend"],
        env=environment,
        cwd=platform.places.home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    if request.method == "POST":
        # The whole of it is read before the answer: the stream belongs to this thread.
        _feed(request.stream, process.stdin)
    else:
        process.stdin.close()
    source = cast(BufferedReader, process.stdout)
    status, headers = _headers(source)
    body = _body(platform, live, process, source)
    return Response(body, status=status, headers=headers, direct_passthrough=True)


def _feed(source: IO[bytes], target: IO[bytes]) -> None:
    """Copy the request to the backend; what it refuses to read is read on, and dropped."""
    broken = False
    while chunk := source.read(_CHUNK):
        if not broken:
            try:
                target.write(chunk)
            except BrokenPipeError:
                broken = True
    with contextlib.suppress(BrokenPipeError):
        target.close()


def _headers(source: IO[bytes]) -> tuple[int, list[tuple[str, str]]]:
    """Read the header lines of a CGI answer."""
    status, headers = 200, []
    while line := source.readline().decode("latin-1").strip():
        name, _colon, value = line.partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers.append((name, value.strip()))
    if not headers:
        raise Refusal(500, "internal_server_error", "git http-backend did not answer.")
    return status, headers


def _body(
    platform: Platform, live: LiveApp, process: subprocess.Popen[bytes], source: BufferedReader
) -> Iterator[bytes]:
    try:
        # What is there, at once: a build log is read line by line. Not by os.read: what came
        # with the header lines stands in the buffer.
        while chunk := source.read1(_CHUNK):
            yield chunk
    finally:
        source.close()
        if live.closed:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_ENDS_WITHIN)
            platform.sweep_repository(live.id)
        threading.Thread(target=process.wait, daemon=True).start()

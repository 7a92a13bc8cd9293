"""Processes in the background, known by their id or by the address that started them.

With `cache_results=False` nothing is kept of a process that has ended. Its address knows it only
while it runs. Its id can be used to read the result once; after that the id is unknown.
"""

from dataclasses import dataclass

from celery import uuid
from celery.states import READY_STATES
from flask import current_app

from store import redis_client

KEPT = 24 * 60 * 60  # seconds

BEGUN = "The process has just begun."
RUNNING = "The process is already there, and still running."
COMPLETE = "The process is already complete."


class ProcessFailed(Exception):
    """The task of this process has raised an exception."""


@dataclass
class Process:
    id: str
    url: str
    cached: bool
    state: str
    result: object

    @property
    def running(self):
        return self.state not in READY_STATES

    @property
    def complete(self):
        return self.state == "SUCCESS"


def id_key(task_id):
    return f"background:id:{task_id}"


def url_key(polling_url):
    return f"background:url:{polling_url}"


def remember(task_id, polling_url, cache_results):
    backend = current_app.extensions["celery"].backend
    # From now on PENDING means: nothing is known any more.
    backend.store_result(task_id, None, "SENT")
    backend.expire(backend.get_key_for_task(task_id), KEPT)
    note = {"url": polling_url or "", "cached": "yes" if cache_results else ""}
    with redis_client.pipeline() as pipe:
        pipe.hset(id_key(task_id), mapping=note)
        pipe.expire(id_key(task_id), KEPT)
        if polling_url:
            pipe.set(url_key(polling_url), task_id, ex=KEPT)
        pipe.execute()


def forget(task_id):
    """Return whether there was something to forget: of two who ask, one is told so."""
    current_app.extensions["celery"].backend.forget(task_id)
    return bool(redis_client.delete(id_key(task_id)))


def find_by_id(task_id):
    note = redis_client.hgetall(id_key(task_id))
    meta = current_app.extensions["celery"].backend.get_task_meta(task_id)
    if not note or meta["status"] == "PENDING":
        raise ValueError(f"No process is known by the id {task_id}.")
    return Process(
        task_id, note["url"], bool(note["cached"]), meta["status"], meta["result"]
    )


def find_by_url(polling_url):
    task_id = redis_client.get(url_key(polling_url))
    if task_id is None:
        return None
    try:
        process = find_by_id(task_id)
    except ValueError:
        return None
    return process if process.running or process.cached else None


def find_process(task_id, polling_url):
    """Return a process, None for an unknown address. Raises ValueError for an unknown id."""
    if task_id and "/" in task_id:  # no id has a slash: this is an address
        return find_by_url(task_id)
    if task_id:
        return find_by_id(task_id)
    if polling_url:
        return find_by_url(polling_url)
    raise ValueError("A process has an id or an address: neither is given.")


def begin_process(
    task, task_args=(), task_kwargs=None, polling_url=None, cache_results=True
):
    """Start a task, whether it runs already or not, and return its id."""
    celery = current_app.extensions["celery"]
    task_id = uuid()
    before = redis_client.get(url_key(polling_url))
    remember(task_id, polling_url, cache_results)
    try:
        celery.tasks[task.name].apply_async(
            task_args, task_kwargs, task_id=task_id, ignore_result=False
        )
    except Exception:
        forget(task_id)
        if before:
            redis_client.set(url_key(polling_url), before, ex=KEPT)
        raise
    return task_id


def check_status_or_begin(
    task, task_args=(), task_kwargs=None, polling_url=None, cache_results=True
):
    """Start a task unless its address knows one, and return a sentence that says which."""
    process = find_by_url(polling_url) if polling_url else None
    if process and process.running:
        return RUNNING
    if process and process.complete and cache_results:
        return COMPLETE
    begin_process(task, task_args, task_kwargs, polling_url)
    return BEGUN


def process_is_running(task_id=None, polling_url=None):
    """Return whether a task waits in the queue or is at work."""
    process = find_process(task_id, polling_url)
    return process and process.running


def process_is_complete(task_id=None, polling_url=None):
    """Return whether a task has succeeded and its result can be read."""
    process = find_process(task_id, polling_url)
    return process and process.complete


def process_is_running_or_complete(task_id=None, polling_url=None):
    process = find_process(task_id, polling_url)
    return process and (process.running or process.complete)


def get_process_result(task_id=None, polling_url=None):
    """Return the result of a task, None while it runs. Raises ProcessFailed if it failed."""
    process = find_process(task_id, polling_url)
    if process is None or process.running:
        return None
    if not process.cached and not forget(process.id):
        raise ValueError(f"No process is known by the id {process.id}.")
    if not process.complete:
        error = process.result
        raise ProcessFailed(f"{type(error).__name__}: {error}") from error
    return process.result


def get_taskid_from_url(polling_url=None):
    """Return the id of the task that an address started last, None if it knows none."""
    process = find_process(None, polling_url)
    return process and process.id


def get_url_from_taskid(task_id=None):
    """Return the address that started a task, None if there was none."""
    process = find_process(task_id, None)
    return process and (process.url or None)

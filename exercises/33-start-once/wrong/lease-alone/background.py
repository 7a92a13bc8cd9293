"""Processes in the background, known by their id or by the address that started them.

With `cache_results=False` nothing is kept of a process that has ended. Its address knows it only
while it runs. Its id can be used to read the result once; after that the id is unknown.

A process runs until its task ends, or until its lease is over: PROCESS_LEASE seconds. That must be
longer than the longest wait in the queue and the longest run together.
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

# Compared and deleted in one go: nothing comes between.
RELEASE = """
if redis.call("get", KEYS[1]) == ARGV[1] then
    return redis.call("del", KEYS[1])
end
return 0
"""


class ProcessFailed(Exception):
    """The task of this process has raised an exception."""


@dataclass
class Process:
    id: str
    url: str
    cached: bool
    state: str
    result: object
    leased: bool

    @property
    def running(self):
        return self.leased and self.state not in READY_STATES

    @property
    def complete(self):
        return self.state == "SUCCESS"


def id_key(task_id):
    return f"background:id:{task_id}"


def url_key(polling_url):
    return f"background:url:{polling_url}"


def lease_key(task_id):
    return f"background:lease:{task_id}"


def lock_key(polling_url):
    return f"background:lock:{polling_url}"


def lease():
    return int(current_app.config["PROCESS_LEASE"] * 1000)  # milliseconds


def remember(task_id, polling_url, cache_results):
    backend = current_app.extensions["celery"].backend
    # From now on PENDING means: nothing is known any more.
    backend.store_result(task_id, None, "SENT")
    backend.expire(backend.get_key_for_task(task_id), KEPT)
    note = {"url": polling_url or "", "cached": "yes" if cache_results else ""}
    with redis_client.pipeline() as pipe:
        pipe.hset(id_key(task_id), mapping=note)
        pipe.expire(id_key(task_id), KEPT)
        pipe.set(lease_key(task_id), "", px=lease())
        if polling_url:
            pipe.set(url_key(polling_url), task_id, ex=KEPT)
        pipe.execute()


def forget(task_id, polling_url):
    """Return whether there was something to forget: of two who ask, one is told so."""
    current_app.extensions["celery"].backend.forget(task_id)
    found = bool(redis_client.delete(id_key(task_id)))
    release(polling_url, task_id)
    return found


def release(polling_url, task_id):
    """Open the lock of an address, if it is still that of this task."""
    redis_client.eval(RELEASE, 1, lock_key(polling_url), task_id)


def take(polling_url, task_id):
    """Return whether the lock of an address has become that of this task."""
    return redis_client.set(lock_key(polling_url), task_id, nx=True, px=lease())


def has_ended(task_id):
    if not redis_client.exists(id_key(task_id)):
        return False  # it has the lock, and is about to begin
    try:
        return not find_by_id(task_id).running
    except ValueError:
        return True  # and its result has expired


def find_by_id(task_id):
    note = redis_client.hgetall(id_key(task_id))
    meta = current_app.extensions["celery"].backend.get_task_meta(task_id)
    if not note or meta["status"] == "PENDING":
        raise ValueError(f"No process is known by the id {task_id}.")
    return Process(
        task_id,
        note["url"],
        bool(note["cached"]),
        meta["status"],
        meta["result"],
        bool(redis_client.exists(lease_key(task_id))),
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


def send(task_id, task, arguments, polling_url, cache_results):
    celery = current_app.extensions["celery"]
    before = redis_client.get(url_key(polling_url))
    try:
        remember(task_id, polling_url, cache_results)
        celery.tasks[task.name].apply_async(
            *arguments, task_id=task_id, ignore_result=False
        )
    except Exception:
        forget(task_id, polling_url)
        if before:
            redis_client.set(url_key(polling_url), before, ex=KEPT)
        raise


def begin_process(
    task, task_args=(), task_kwargs=None, polling_url=None, cache_results=True
):
    """Start a task, whether it runs already or not, and return its id."""
    task_id = uuid()
    holder = polling_url and redis_client.set(
        lock_key(polling_url), task_id, px=lease(), get=True
    )
    try:
        send(task_id, task, (task_args, task_kwargs), polling_url, cache_results)
    except Exception:
        if holder:
            redis_client.set(lock_key(polling_url), holder, nx=True, px=lease())
        raise
    return task_id


def is_kept(polling_url):
    process = find_by_url(polling_url)
    return process and process.complete


def check_status_or_begin(
    task, task_args=(), task_kwargs=None, polling_url=None, cache_results=True
):
    """Start a task unless its address knows one, and return a sentence that says which."""
    task_id = uuid()
    if polling_url:
        if cache_results and is_kept(polling_url):
            return COMPLETE
        if not take(polling_url, task_id):
            return RUNNING
        # Asked again: it may have ended before the lock was taken.
        if cache_results and is_kept(polling_url):
            release(polling_url, task_id)
            return COMPLETE
    send(task_id, task, (task_args, task_kwargs), polling_url, cache_results)
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
    if not process.cached and not forget(process.id, process.url):
        raise ValueError(f"No process is known by the id {process.id}.")
    if not process.complete:
        ended = process.state in READY_STATES
        error = process.result if ended else TimeoutError("its lease is over")
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

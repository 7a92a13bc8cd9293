"""One at a time per address: a mutex around the question and the start. The lease is in the note.

With `cache_results=False` an address knows its process while it runs, an id until the result
has been read. A lease must outlast the queue and the run.
"""

import json
import time

from celery import uuid
from celery.states import READY_STATES
from flask import current_app

from store import redis_client as redis

KEEP = 86400
CRITICAL = 30  # seconds: many times what a question and a start take


class ProcessFailed(Exception):
    pass


def backend():
    return current_app.extensions["celery"].backend


def read(task_id):
    text = redis.get(f"process:{task_id}")
    status = backend().get_task_meta(task_id)["status"] if text else "PENDING"
    if status == "PENDING":
        raise ValueError(f"unknown process: {task_id}")
    note = json.loads(text)
    over = status in READY_STATES
    note["status"] = status
    note["running"] = not over and time.time() < note["until"]
    return note


def read_at(polling_url):
    task_id = redis.get(f"process-at:{polling_url}")
    try:
        note = read(task_id) if task_id else None
    except ValueError:
        return None
    return note if note and (note["running"] or note["cached"]) else None


def find(task_id, polling_url):
    if task_id:
        return read(task_id)
    if not polling_url:
        raise ValueError("give an id or an address")
    return read_at(polling_url)


def begin_process(
    task, task_args=(), task_kwargs=None, polling_url=None, cache_results=True
):
    task_id = uuid()
    until = time.time() + current_app.config["PROCESS_LEASE"]
    note = {"id": task_id, "url": polling_url, "cached": cache_results, "until": until}
    backend().store_result(task_id, None, "SENT")
    redis.setex(f"process:{task_id}", KEEP, json.dumps(note))
    try:
        current_app.extensions["celery"].tasks[task.name].apply_async(
            task_args, task_kwargs, task_id=task_id
        )
    except Exception:
        redis.delete(f"process:{task_id}")
        raise
    if polling_url:
        redis.setex(f"process-at:{polling_url}", KEEP, task_id)
    return task_id


def check_status_or_begin(
    task, task_args=(), task_kwargs=None, polling_url=None, cache_results=True
):
    if not polling_url:
        begin_process(task, task_args, task_kwargs, None, cache_results)
        return "Begun."
    # redis-py's own lock: SET NX PX with a token, and a release in Lua that compares it.
    with redis.lock(f"process-mutex:{polling_url}", timeout=CRITICAL):
        note = read_at(polling_url)
        if note and note["running"]:
            return "It is still running."
        if note and cache_results and note["status"] == "SUCCESS":
            return "It is done."
        begin_process(task, task_args, task_kwargs, polling_url, cache_results)
    return "Begun."


def process_is_running(task_id=None, polling_url=None):
    note = find(task_id, polling_url)
    return note and note["running"]


def process_is_complete(task_id=None, polling_url=None):
    note = find(task_id, polling_url)
    return note and note["status"] == "SUCCESS"


def process_is_running_or_complete(task_id=None, polling_url=None):
    note = find(task_id, polling_url)
    return note and (note["running"] or note["status"] == "SUCCESS")


def get_process_result(task_id=None, polling_url=None):
    note = find(task_id, polling_url)
    if note is None or note["status"] not in READY_STATES:
        return None
    meta = backend().get_task_meta(note["id"])
    if not note["cached"]:
        redis.delete(f"process:{note['id']}")
    if meta["status"] != "SUCCESS":
        raise ProcessFailed(repr(meta["result"]))
    return meta["result"]


def get_taskid_from_url(polling_url=None):
    note = find(None, polling_url)
    return note and note["id"]


def get_url_from_taskid(task_id=None):
    return find(task_id, None)["url"]

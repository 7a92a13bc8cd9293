"""One note in JSON for each id, and the id under the address. A note expires before its result.

With `cache_results=False`: the address leads to the task while it runs, and no longer. The id
leads to the result until somebody has read it.
"""

import json
import uuid

from celery.result import AsyncResult
from flask import current_app

from store import redis_client

EXPIRES = 12 * 3600


class TaskFailed(RuntimeError):
    pass


def result_of(task_id):
    return AsyncResult(task_id, app=current_app.extensions["celery"])


def read_note(task_id):
    found = redis_client.get(f"note-{task_id}")
    if found is None:
        raise ValueError(f"unknown task id: {task_id}")
    return json.loads(found)


def identify(task_id, polling_url):
    if task_id is None and polling_url is None:
        raise ValueError("task_id or polling_url is needed")
    if task_id is not None:
        return task_id, read_note(task_id)
    task_id = redis_client.get(f"address-{polling_url}")
    found = task_id and redis_client.get(f"note-{task_id}")
    if not found:
        return None, None
    note = json.loads(found)
    if not note["cache"] and result_of(task_id).ready():
        return None, None
    return task_id, note


def begin_process(
    task, task_args=(), task_kwargs={}, polling_url=None, cache_results=True
):
    task_id = str(uuid.uuid4())
    # Sent first: a worker does not need the note.
    current_app.extensions["celery"].tasks[task.name].apply_async(
        args=list(task_args), kwargs=dict(task_kwargs), task_id=task_id
    )
    note = json.dumps({"address": polling_url, "cache": cache_results})
    redis_client.setex(f"note-{task_id}", EXPIRES, note)
    if polling_url is not None:
        redis_client.setex(f"address-{polling_url}", EXPIRES, task_id)
    return task_id


def check_status_or_begin(
    task, task_args=(), task_kwargs={}, polling_url=None, cache_results=True
):
    if polling_url is not None:
        if process_is_running(polling_url=polling_url):
            return "Still running, please come back later."
        if cache_results and process_is_complete(polling_url=polling_url):
            return "Done. Please reload."
    begin_process(task, task_args, task_kwargs, polling_url, cache_results)
    return "Started."


def process_is_running(task_id=None, polling_url=None):
    task_id, _note = identify(task_id, polling_url)
    return None if task_id is None else not result_of(task_id).ready()


def process_is_complete(task_id=None, polling_url=None):
    task_id, _note = identify(task_id, polling_url)
    return None if task_id is None else result_of(task_id).successful()


def process_is_running_or_complete(task_id=None, polling_url=None):
    task_id, _note = identify(task_id, polling_url)
    return None if task_id is None else not result_of(task_id).failed()


def get_process_result(task_id=None, polling_url=None):
    task_id, note = identify(task_id, polling_url)
    if task_id is None:
        return None
    result = result_of(task_id)
    if not result.ready():
        return None
    if not note["cache"]:
        redis_client.delete(f"note-{task_id}")
    if result.failed():
        raise TaskFailed(repr(result.result))
    return result.result


def get_taskid_from_url(polling_url=None):
    task_id, _note = identify(None, polling_url)
    return task_id


def get_url_from_taskid(task_id=None):
    if task_id is None:
        raise ValueError("task_id is needed")
    return read_note(task_id)["address"]

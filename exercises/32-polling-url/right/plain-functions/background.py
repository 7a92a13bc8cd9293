"""Everything in one hash for each task, its own expiry in each.

cache_results=False: the address forgets the task when it ends, the id when its result is read.
"""

from celery import states, uuid
from flask import current_app

from store import redis_client as redis

DAY = 86400


class Failed(Exception):
    pass


def backend():
    return current_app.extensions["celery"].backend


def lookup(id, url):
    """Return the fields of a task and its meta, or None twice."""
    by_url = id is None
    if by_url:
        if url is None:
            raise ValueError("which process?")
        id = redis.get("url " + url)
    fields = redis.hgetall("task " + id) if id else None
    meta = backend().get_task_meta(id) if fields else {"status": states.PENDING}
    if meta["status"] == states.PENDING:
        if by_url:
            return None, None
        raise ValueError("no such process: " + id)
    gone = meta["status"] in states.READY_STATES and fields["keep"] == "0"
    return (None, None) if by_url and gone else (fields, meta)


def state(id, url):
    return (lookup(id, url)[1] or {}).get("status")


def begin_process(task, task_args=(), task_kwargs=None, polling_url=None, cache_results=True):
    id = uuid()
    backend().store_result(id, None, "WAITING")
    redis.hset(
        "task " + id,
        mapping={"id": id, "url": polling_url or "", "keep": int(cache_results)},
    )
    redis.expire("task " + id, DAY)
    real = current_app.extensions["celery"].tasks[task.name]
    try:
        real.signature(tuple(task_args), task_kwargs or {}).apply_async(task_id=id)
    except BaseException:
        redis.delete("task " + id)
        raise
    if polling_url:
        redis.setex("url " + polling_url, DAY, id)
    return id


def check_status_or_begin(
    task, task_args=(), task_kwargs=None, polling_url=None, cache_results=True
):
    found = state(None, polling_url) if polling_url else None
    if found == states.SUCCESS and cache_results:
        return "finished already"
    if found is None or found in states.READY_STATES:
        begin_process(task, task_args, task_kwargs, polling_url, cache_results)
        return "begun"
    return "running already"


def process_is_running(task_id=None, polling_url=None):
    found = state(task_id, polling_url)
    return found and found not in states.READY_STATES


def process_is_complete(task_id=None, polling_url=None):
    found = state(task_id, polling_url)
    return found and found == states.SUCCESS


def process_is_running_or_complete(task_id=None, polling_url=None):
    found = state(task_id, polling_url)
    return found and found not in (states.FAILURE, states.REVOKED)


def get_process_result(task_id=None, polling_url=None):
    fields, meta = lookup(task_id, polling_url)
    if fields is None or meta["status"] not in states.READY_STATES:
        return None
    if fields["keep"] == "0":
        backend().forget(fields["id"])
        redis.delete("task " + fields["id"])
    if meta["status"] == states.SUCCESS:
        return meta["result"]
    raise Failed(str(meta["result"]))


def get_taskid_from_url(polling_url=None):
    fields, _meta = lookup(None, polling_url)
    return fields and fields["id"]


def get_url_from_taskid(task_id=None):
    if task_id is None:
        raise ValueError("which process?")
    fields, _meta = lookup(task_id, None)
    return fields["url"] or None

from flask import current_app
from kombu.exceptions import OperationalError


def enqueue(name, *args):
    import tasks

    task = getattr(tasks, name)
    try:
        task.apply_async(args=args, ignore_result=True, retry_policy={"max_retries": 1})
    except OperationalError as error:
        current_app.logger.warning("%s was not enqueued: %s", name, error)

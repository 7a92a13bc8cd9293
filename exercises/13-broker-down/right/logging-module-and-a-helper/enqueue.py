import logging

from kombu.exceptions import KombuError

logger = logging.getLogger(__name__)


def enqueue(task, *args):
    """Put the task in the queue; whether that worked."""
    policy = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
    try:
        task.apply_async(args, ignore_result=True, retry=True, retry_policy=policy)
    except KombuError:
        logger.error("%s%s was not enqueued", task.name, args, exc_info=True)
        return False
    return True

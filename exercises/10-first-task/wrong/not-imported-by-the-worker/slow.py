import time

from tasks import celery


@celery.task()
def very_slow_add(a, b):
    time.sleep(3)
    return a + b

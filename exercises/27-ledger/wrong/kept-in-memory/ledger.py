import time

from celery import shared_task

values = []


def append(value):
    values.append(value)


@shared_task()
def total(delay):
    time.sleep(delay)
    return sum(values)

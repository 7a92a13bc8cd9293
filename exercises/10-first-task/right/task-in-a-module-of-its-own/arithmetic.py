import time

from celery import shared_task

SECONDS = 3


@shared_task(name="tasks.very_slow_add")
def very_slow_add(*numbers):
    time.sleep(SECONDS)
    first, *others = numbers
    for number in others:
        first += number
    return first

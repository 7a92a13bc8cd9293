import time

from celery import shared_task

from store import redis_client

LEDGER = "ledger"


def append(value):
    redis_client.rpush(LEDGER, value)


@shared_task()
def total(delay):
    sum_now = sum(int(value) for value in redis_client.lrange(LEDGER, 0, -1))
    time.sleep(delay)
    return sum_now

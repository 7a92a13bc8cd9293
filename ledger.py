import time

from celery import shared_task

from store import redis_client

LEDGER = "ledger"


def append(value):
    redis_client.rpush(LEDGER, value)


@shared_task()
def total(delay):
    time.sleep(delay)
    return sum(int(value) for value in redis_client.lrange(LEDGER, 0, -1))

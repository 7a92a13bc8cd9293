import time

from celery import shared_task
from flask import current_app

from store import make_client, redis_client

LEDGER = "ledger"


def append(value):
    redis_client.rpush(LEDGER, value)


@shared_task()
def total(delay):
    time.sleep(delay)
    client = make_client(current_app.config["REDIS_URL"])
    return sum(int(value) for value in client.lrange(LEDGER, 0, -1))

"""A class that keeps numbers under a key, and a task that only calls it."""

import time

from celery import shared_task

from store import redis_client


class Ledger:
    def __init__(self, key="shop:ledger"):
        self.key = key

    def append(self, value):
        with redis_client.pipeline() as pipe:
            pipe.rpush(self.key, str(value))
            pipe.execute()

    def total(self):
        return sum(map(int, redis_client.lrange(self.key, 0, -1)))


@shared_task(bind=True, name="ledger.sum")
def total(self, delay):
    time.sleep(float(delay))
    return Ledger().total()

from time import sleep

from celery import shared_task

from store import redis_client


@shared_task(name="sum up")
def sum_up(delay, key):
    sleep(delay)
    summed = 0
    for value in redis_client.lrange(key, 0, -1):
        summed += int(value)
    return str(summed)

import time

from pyramid_tasks import task

LEDGER = "ledger"


@task(name="ledger.total")
def total(request, delay):
    time.sleep(delay)
    return sum(int(value) for value in request.redis.lrange(LEDGER, 0, -1))

import time

from pyramid.threadlocal import get_current_request
from pyramid_tasks import task

LEDGER = "ledger"


@task(name="ledger.total")
def total(delay):
    request = get_current_request()
    time.sleep(delay)
    return sum(int(value) for value in request.redis.lrange(LEDGER, 0, -1))

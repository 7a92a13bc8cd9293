import os

from pyramid.config import Configurator
from redis import Redis


def configure(settings):
    url = os.environ.get("REDIS_URL") or "redis://localhost:6379"
    for name in ("redis.url", "celery.broker_url", "celery.result_backend"):
        settings.setdefault(name, url)
    config = Configurator(settings=settings)
    config.include("pyramid_tasks")

    client = Redis.from_url(settings["redis.url"], decode_responses=True)
    config.add_request_method(lambda request: client, "redis", property=True)

    for name in ("append", "total", "result"):
        config.add_route(name, f"/{name}", request_method="GET")
    config.scan("ledger.tasks")
    config.scan("ledger.views")
    return config


def main(global_config, **settings):
    return configure(settings).make_wsgi_app()

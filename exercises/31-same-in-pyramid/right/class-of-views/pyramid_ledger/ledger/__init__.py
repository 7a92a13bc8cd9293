"""Includes, each for one subject."""

import os

from pyramid.config import Configurator
from redis import Redis


def celery_settings(config):
    settings = config.get_settings()
    url = os.environ.get("REDIS_URL", "redis://")
    config.add_settings({"redis.url": settings.get("redis.url", url)})
    config.add_settings({"celery.broker_url": settings.get("celery.broker_url", url)})
    config.add_settings({"celery.result_backend": settings.get("celery.result_backend", url)})


def redis(config):
    client = Redis.from_url(config.get_settings()["redis.url"], decode_responses=True)
    config.add_request_method(lambda request: client, "redis", reify=True)


def configure(settings):
    with Configurator(settings=settings) as config:
        config.include(celery_settings)
        config.include(redis)
        config.include("pyramid_tasks")
        for name in ("append", "total", "result"):
            config.add_route(name, name)
        for name in ("tasks", "views"):
            config.scan(f"ledger.{name}")
    return config


def main(global_config, **settings):
    return configure(settings).make_wsgi_app()

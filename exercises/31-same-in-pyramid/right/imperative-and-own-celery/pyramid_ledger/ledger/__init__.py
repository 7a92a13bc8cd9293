"""Everything is said to the configurator, and nothing is scanned."""

from os import environ

from pyramid.config import Configurator
from redis import ConnectionPool, Redis
from redis.exceptions import RedisError


def without_redis(handler, registry):
    def tween(request):
        try:
            registry["redis"].ping()
        except RedisError:
            request.response.status = 503
            request.response.text = "Come back later."
            return request.response
        return handler(request)

    return tween


def configure(settings):
    config = Configurator(settings=dict(settings))
    address = settings.get("redis.url") or environ["REDIS_URL"]
    config.add_settings({"celery.broker_url": address, "celery.result_backend": address})
    config.include("pyramid_tasks")
    pool = ConnectionPool.from_url(address, decode_responses=True)
    config.registry["redis"] = Redis(connection_pool=pool)
    config.add_tween("ledger.without_redis")
    config.include("ledger.views")
    config.include("ledger.tasks")
    return config


def main(_global_config, **settings):
    return configure(settings).make_wsgi_app()

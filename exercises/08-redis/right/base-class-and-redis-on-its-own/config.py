import os


class RedisSettings:
    CELERY_BROKER_URL = CELERY_RESULT_BACKEND = os.environ.get("REDIS_URL")


class Config(RedisSettings):
    SQLALCHEMY_DATABASE_URI = os.environ.get("DATABASE_URL", "sqlite:///shop.db")

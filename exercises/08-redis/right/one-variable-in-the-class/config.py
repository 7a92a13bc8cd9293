from os import environ


class Config:
    SQLALCHEMY_DATABASE_URI = environ.get("DATABASE_URL", "sqlite:///shop.db")

    REDIS_URL = environ["REDIS_URL"]
    CELERY_BROKER_URL = REDIS_URL
    CELERY_RESULT_BACKEND = CELERY_BROKER_URL

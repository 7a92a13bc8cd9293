import os

from sqlalchemy import make_url


class Config:
    SQLALCHEMY_DATABASE_URI = make_url(os.getenv("DATABASE_URL") or "sqlite:///shop.db")
    if SQLALCHEMY_DATABASE_URI.drivername == "postgres":
        SQLALCHEMY_DATABASE_URI = SQLALCHEMY_DATABASE_URI.set(drivername="postgresql")
    CELERY_BROKER_URL = CELERY_RESULT_BACKEND = os.environ["REDIS_URL"]

import os


class Config:
    SQLALCHEMY_DATABASE_URI = os.environ.get("DATABASE_URL", "sqlite:///shop.db")
    CELERY_BROKER_URL = os.environ["REDIS_URL"]

import os


def database_url():
    url = os.environ.get("DATABASE_URL", "sqlite:///shop.db")
    # Heroku writes postgres://, a name that SQLAlchemy does not know.
    return url.replace("postgres://", "postgresql+psycopg://", 1)


def redis_url():
    url = os.environ["REDIS_URL"]
    url = url.replace("rediss://", "redis://")
    return url


class Config:
    SQLALCHEMY_DATABASE_URI = database_url()
    CELERY_BROKER_URL = redis_url()
    CELERY_RESULT_BACKEND = redis_url()

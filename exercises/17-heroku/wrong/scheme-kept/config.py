import os


def database_url():
    url = os.environ.get("DATABASE_URL", "sqlite:///shop.db")
    # Heroku writes postgres://, a name that SQLAlchemy does not know.
    return url


class Config:
    SQLALCHEMY_DATABASE_URI = database_url()
    CELERY_BROKER_URL = os.environ["REDIS_URL"]
    CELERY_RESULT_BACKEND = os.environ["REDIS_URL"]

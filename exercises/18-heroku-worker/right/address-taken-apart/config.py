import os
from urllib.parse import urlsplit


def database_url():
    url = os.environ.get("DATABASE_URL", "sqlite:///shop.db")
    # Heroku writes postgres://, a name that SQLAlchemy does not know.
    return url.replace("postgres://", "postgresql+psycopg://", 1)


def redis_url():
    url = os.environ["REDIS_URL"]
    if urlsplit(url).scheme == "rediss":
        # Heroku signs this certificate itself: there is nobody to verify it with.
        url = urlsplit(url)._replace(query="ssl_cert_reqs=none").geturl()
    return url


class Config:
    SQLALCHEMY_DATABASE_URI = database_url()
    CELERY_BROKER_URL = redis_url()
    CELERY_RESULT_BACKEND = CELERY_BROKER_URL

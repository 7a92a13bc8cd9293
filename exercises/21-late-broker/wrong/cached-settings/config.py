import functools
import os


def database_url():
    url = os.environ.get("DATABASE_URL", "sqlite:///shop.db")
    # Heroku writes postgres://, a name that SQLAlchemy does not know.
    return url.replace("postgres://", "postgresql+psycopg://", 1)


def redis_url():
    url = os.environ.get("REDIS_URL")
    if url and url.startswith("rediss://"):
        # Heroku signs this certificate itself: there is nobody to verify it with.
        url += "?ssl_cert_reqs=CERT_NONE"
    return url


@functools.cache
def settings():
    return {
        "SQLALCHEMY_DATABASE_URI": database_url(),
        "CELERY_BROKER_URL": redis_url(),
        "CELERY_RESULT_BACKEND": redis_url(),
    }

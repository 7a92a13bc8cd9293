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


class Config:
    """Flask reads it with from_object, once an app is made: Config() and not Config."""

    @property
    def SQLALCHEMY_DATABASE_URI(self):
        return database_url()

    @property
    def CELERY_BROKER_URL(self):
        return redis_url()

    @property
    def CELERY_RESULT_BACKEND(self):
        return redis_url()

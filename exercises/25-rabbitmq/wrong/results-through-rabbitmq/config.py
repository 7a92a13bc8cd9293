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


def broker_url():
    return os.environ.get("CELERY_BROKER_URL") or redis_url()


def result_backend():
    # RabbitMQ can bring results back too, to the process that has asked for the task.
    if (broker_url() or "").startswith("amqp"):
        return "rpc://"
    return os.environ.get("CELERY_RESULT_BACKEND") or redis_url()


def settings():
    return {
        "SQLALCHEMY_DATABASE_URI": database_url(),
        "CELERY_BROKER_URL": broker_url(),
        "CELERY_RESULT_BACKEND": result_backend(),
    }

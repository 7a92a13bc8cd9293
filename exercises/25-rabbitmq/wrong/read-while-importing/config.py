import os
from pathlib import Path

from config_file import ADDRESSES, KEYS, BadConfig, is_port, read

DEFAULT_FILE = "secrets/api-config.yaml"

BROKER = os.environ.get("CELERY_BROKER_URL")
RESULTS = os.environ.get("CELERY_RESULT_BACKEND")


def from_file():
    named = os.environ.get("FLASK_CONFIG")
    if not named and not Path(DEFAULT_FILE).exists():
        return {"celery": {}}  # the environment alone has to do, as on Heroku
    path = Path(named or DEFAULT_FILE)
    found = read(path)
    if "broker_url" not in found["celery"] and not (BROKER or redis_url()):
        raise BadConfig(f"{path} lacks a key: celery.broker_url, and REDIS_URL is not set.")
    return found


def port_from_environment():
    for name in ("PORT", "FLASK_RUN_PORT"):
        value = os.environ.get(name, "")
        if value.strip("0"):  # 0 is a way to ask for no port in particular
            if not value.isdecimal() or not is_port(int(value)):
                raise BadConfig(f"{name} must be {KEYS['port'][1]}.")
            return int(value)
    return None


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


def settings():
    found = from_file()
    celery = dict(found["celery"])
    addresses = {name: celery.pop(name, None) for name in ADDRESSES}
    return {
        "PORT": port_from_environment() or found.get("port"),
        "SECRET_KEY": os.environ.get("SECRET_KEY") or found.get("secret_key"),
        "SQLALCHEMY_DATABASE_URI": database_url(),
        "CELERY_BROKER_URL": BROKER or redis_url() or addresses["broker_url"],
        "CELERY_RESULT_BACKEND": RESULTS or redis_url() or addresses["result_backend"],
        "CELERY": celery,
    }

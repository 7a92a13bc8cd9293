import os
import re
from pathlib import Path

from celery.app.defaults import SETTING_KEYS

from config_file import ADDRESSES, KEYS, BadConfig, check, is_port, read
from nested import coerce, merge, nest

DEFAULT_FILE = "secrets/api-config.yaml"


def from_file():
    named = os.environ.get("FLASK_CONFIG")
    if not named and not Path(DEFAULT_FILE).exists():
        return {"celery": {}}  # the environment alone has to do, as on Heroku
    path = Path(named or DEFAULT_FILE)
    found = read(path)
    known = {**found["celery"], **celery_from_environment()}
    if "broker_url" not in known and not redis_url():
        raise BadConfig(f"{path} lacks a key: celery.broker_url, and REDIS_URL is not set.")
    return found


def celery_from_environment():
    flat = {}
    for name, value in sorted(os.environ.items()):
        found = re.fullmatch("CELERY(__?)(.+)", name)
        setting = found[2].lower() if found and value else ""
        # Celery has variables of its own, such as CELERY_LOG_LEVEL: no settings.
        if setting and (found[1] == "__" or setting.split("__")[0] in SETTING_KEYS):
            flat[setting] = coerce(value)
    try:
        tree = nest(flat, "__")
    except ValueError as error:
        raise BadConfig(f"The environment cannot be used: {error}.") from None
    check("The environment", tree, ADDRESSES, known=SETTING_KEYS, prefix="celery.")
    return tree


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
    if url and url.startswith("rediss://") and "ssl_cert_reqs=" not in url:
        # Heroku signs this certificate itself: there is nobody to verify it with.
        url += "?ssl_cert_reqs=CERT_NONE"
    return url


def process_lease():
    try:
        seconds = float(os.environ.get("PROCESS_LEASE") or "3600")
    except ValueError:
        seconds = 0
    if not 1 <= seconds <= 86400:
        raise BadConfig("PROCESS_LEASE must be a number of seconds, from 1 to 86400.")
    return seconds


def settings():
    found = from_file()
    given = celery_from_environment()
    celery = merge(found["celery"], given)
    addresses = {name: celery.pop(name, None) for name in ADDRESSES}
    # Of two variables, the one that names the setting counts.
    addresses = {n: given.get(n) or redis_url() or addresses[n] for n in ADDRESSES}
    return {
        "PORT": port_from_environment() or found.get("port"),
        "SECRET_KEY": os.environ.get("SECRET_KEY") or found.get("secret_key"),
        "SQLALCHEMY_DATABASE_URI": database_url(),
        "CELERY_BROKER_URL": addresses["broker_url"],
        "CELERY_RESULT_BACKEND": addresses["result_backend"],
        "CELERY": celery,
        "REDIS_URL": redis_url(),
        "PROCESS_LEASE": process_lease(),
    }

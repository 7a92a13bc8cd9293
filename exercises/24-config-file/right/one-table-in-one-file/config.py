import json
import os
import sys

import yaml
from celery import Celery
from click import ClickException

DEFAULT_FILE = "secrets/api-config.yaml"
TABLE = [("port", int), ("secret_key", str), ("celery", dict)]


class Unusable(ClickException):
    def __init__(self, file, sentence):
        super().__init__(f"{file} cannot be used: {sentence}")


def parsed(file):
    with open(file, encoding="utf-8") as opened:
        text = opened.read()
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader)


def usable(file):
    try:
        found = parsed(file)
    except FileNotFoundError:
        raise Unusable(file, "it is not there.") from None
    except (OSError, UnicodeError) as error:
        raise Unusable(file, f"it cannot be read ({error.__class__.__name__}).") from None
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        raise Unusable(file, f"line {place.line + 1 if place else '?'} is not YAML.") from None
    if not isinstance(found, dict):
        raise Unusable(file, "it has no keys.")
    known = dict(TABLE)
    if strange := sorted(str(key) for key in found if key not in known):
        raise Unusable(file, f"{strange[0]} is not a key of this program.")
    for key, kind in TABLE:
        if key not in found:
            raise Unusable(file, f"{key} is missing.")
        if type(found[key]) is not kind:
            raise Unusable(file, f"{key} is a {kind.__name__}.")
    real = Celery(set_as_current=False).conf.table(with_defaults=True)
    if strange := [key for key in found["celery"] if key not in real]:
        raise Unusable(file, f"Celery does not know {strange[0]}.")
    return found


def settings():
    env = {name: value for name, value in os.environ.items() if value}
    file = env.get("FLASK_CONFIG", DEFAULT_FILE)
    from_cli = os.path.basename(sys.argv[0]) == "cli.py"
    needed = from_cli or "FLASK_CONFIG" in env or os.path.exists(file)
    found = usable(file) if needed else {}
    celery = dict(found.get("celery", {}))
    broker, backend = celery.pop("broker_url", None), celery.pop("result_backend", None)
    url = env.get("REDIS_URL")
    if url and url.startswith("rediss://"):
        url = f"{url}?ssl_cert_reqs=CERT_NONE"
    database = env.get("DATABASE_URL", "sqlite:///shop.db")
    port = env.get("PORT", "0")
    return {
        "SERVE_ON": int(port) or int(env.get("FLASK_RUN_PORT", "0")) or found.get("port"),
        "SECRET_KEY": env.get("SECRET_KEY", found.get("secret_key")),
        "SQLALCHEMY_DATABASE_URI": database.replace("postgres://", "postgresql+psycopg://", 1),
        "CELERY_BROKER_URL": url or broker,
        "CELERY_RESULT_BACKEND": url or backend,
        "CELERY": celery,
    }

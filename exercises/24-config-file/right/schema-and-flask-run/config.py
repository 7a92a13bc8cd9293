import json
import os
from pathlib import Path

import yaml
from celery.app.defaults import SETTING_KEYS
from click import ClickException
from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf, Range

PLACE = Path("secrets", "api-config.yaml")


class ConfigSchema(Schema):
    port = fields.Integer(strict=True, required=True, validate=Range(1, 65535))
    secret_key = fields.String(required=True, validate=Length(1))
    celery = fields.Dict(
        required=True,
        keys=fields.String(validate=OneOf(SETTING_KEYS, error="Celery has no such setting.")),
    )


def no(path, why):
    return ClickException(f"The configuration {path}: {why}")


def load(path):
    try:
        with path.open(encoding="utf-8") as file:
            found = json.load(file) if path.name.endswith(".json") else yaml.safe_load(file)
        return ConfigSchema().load(found)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1
        raise no(path, f"this is no YAML, from line {line} on") from error
    except ValidationError as error:
        raise no(path, json.dumps(error.messages)) from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise no(path, type(error).__name__) from error


def settings(needed=False):
    path = Path(os.environ.get("FLASK_CONFIG") or PLACE)
    wanted = needed or os.environ.get("FLASK_CONFIG") or path.is_file()
    file = load(path) if wanted else {}
    found = {
        "SECRET_KEY": file.get("secret_key"),
        "HTTP_PORT": file.get("port"),
        "CELERY": {**file.get("celery", {})},
        "SQLALCHEMY_DATABASE_URI": "sqlite:///shop.db",
    }
    environment = os.environ
    if environment.get("SECRET_KEY"):
        found["SECRET_KEY"] = environment["SECRET_KEY"]
    for name in ("FLASK_RUN_PORT", "PORT"):
        if environment.get(name, "0") not in ("0", ""):
            found["HTTP_PORT"] = int(environment[name])
    if environment.get("DATABASE_URL"):
        address = environment["DATABASE_URL"]
        found["SQLALCHEMY_DATABASE_URI"] = address.replace(
            "postgres://", "postgresql+psycopg://", 1
        )
    redis = environment.get("REDIS_URL")
    if redis:
        redis += "?ssl_cert_reqs=CERT_NONE" if redis.startswith("rediss:") else ""
    for name in ("broker_url", "result_backend"):
        found[f"CELERY_{name.upper()}"] = redis or found["CELERY"].pop(name, None)
    return found

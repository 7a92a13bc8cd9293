import json
import re
from difflib import get_close_matches

import yaml
from celery.app.defaults import SETTING_KEYS
from click import ClickException


class BadConfig(ClickException):
    pass


def parse(path):
    is_json = path.suffix.lower() == ".json"
    try:
        text = path.read_text("utf-8")
        return json.loads(text) if is_json else yaml.safe_load(text)
    except FileNotFoundError:
        raise BadConfig(f"There is no file {path}.") from None
    except OSError as error:
        raise BadConfig(f"{path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        form = "JSON" if is_json else "YAML"
        raise BadConfig(f"{path} is not {form}: {reason(error)}.") from None


def reason(error):
    mark = getattr(error, "problem_mark", None)
    # YAML would show the whole line, or quote a word of it: a secret may stand there.
    text = f"line {mark.line + 1}: {error.problem}" if mark else str(error)
    text = re.sub(r"'[^' <]{3,}'", "'...'", text)
    return " ".join(text.split())


def is_port(value):
    return type(value) is int and 0 < value < 65536


def is_text(value):
    return isinstance(value, str) and value.strip() != ""


def is_mapping(value):
    return isinstance(value, dict)


KEYS = {
    "port": (is_port, "a whole number from 1 to 65535"),
    "secret_key": (is_text, "a text that is not empty"),
    "celery": (is_mapping, "a mapping, such as broker_url: redis://localhost:6379"),
}
ADDRESSES = {
    "broker_url": (is_text, "an address"),
    "result_backend": (is_text, "an address"),
}


def check(path, mapping, rules, known, prefix=""):
    for key in mapping:
        if key not in known:
            shown = re.sub("(?s):.+", ":...", str(key))  # without a space, the value is part of it
            near = get_close_matches(shown.lower(), known, 1)
            hint = f"did you mean {near[0]}?" if near else "nobody would read it."
            raise BadConfig(f"{path} has an unknown key, {prefix}{shown}: {hint}")
    for key, (is_right, wanted) in rules.items():
        if key in mapping and not is_right(mapping[key]):
            raise BadConfig(f"In {path}, {prefix}{key} must be {wanted}.")


def read(path):
    found = parse(path)
    if not is_mapping(found):
        raise BadConfig(f"{path} must hold a mapping, with the keys {', '.join(KEYS)}.")
    check(path, found, KEYS, known=found)
    missing = [key for key in KEYS if key not in found]
    if missing:
        raise BadConfig(f"{path} lacks a key: {', '.join(missing)}.")
    check(path, found["celery"], ADDRESSES, known=SETTING_KEYS, prefix="celery.")
    return found

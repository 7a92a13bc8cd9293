import json
from functools import reduce

SAME = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def coerce(text):
    text = text.strip()
    lower = text.lower()
    try:
        return json.loads(SAME.get(lower, lower))
    except ValueError:
        pass
    if "," in text and ":" not in text:
        return [coerce(each) for each in text.strip(",").split(",")]
    return text


def put(tree, path, value):
    name, *rest = path
    if not rest:
        if name in tree:
            raise ValueError(f"{name} is given twice, as a value and as a group")
        return {**tree, name: value}
    group = tree.get(name, {})
    if not isinstance(group, dict):
        raise ValueError(f"{name} is given twice, as a value and as a group")
    return {**tree, name: put(group, rest, value)}


def nest(settings, separator):
    paths = ((name.split(separator), value) for name, value in settings.items())
    return reduce(lambda tree, pair: put(tree, *pair), paths, {})


def merge(tree, other):
    both = dict(tree)
    for name, value in other.items():
        old = both.get(name)
        both[name] = (
            merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return both

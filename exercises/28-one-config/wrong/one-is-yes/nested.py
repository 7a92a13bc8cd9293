import re

WORDS = {"1": True, "0": False, "yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def coerce(text):
    text = text.strip()
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if re.fullmatch(r"[+-]?(0|[1-9][0-9]*)", text):
        return int(text)
    if re.fullmatch(r"[+-]?[0-9]+\.[0-9]+", text):
        return float(text)
    # A comma may stand in an address; it makes no list of it.
    if "," in text and "://" not in text:
        return [coerce(part) for part in text.split(",") if part.strip()]
    return text


def nest(settings, separator):
    tree = {}
    for name, value in sorted(settings.items()):
        *groups, last = name.split(separator)
        place = tree
        for group in groups:
            place = place.setdefault(group, {})
            if not isinstance(place, dict):
                raise ValueError(f"{name} stands under a setting that has a value")
        place[last] = value
    return tree


def merge(tree, other):
    both = {**tree, **other}
    for name in tree.keys() & other.keys():
        if isinstance(tree[name], dict) and isinstance(other[name], dict):
            both[name] = merge(tree[name], other[name])
    return both

def number(kind):
    def read(text):
        if text != str(kind(text)):
            raise ValueError(text)  # 007 and 1_000 are texts
        return kind(text)

    return read


def flag(text):
    return {"yes": True, "no": False, "true": True, "false": False}[text.lower()]


def listed(text):
    if "," not in text or "//" in text:
        raise ValueError(text)
    return list(filter(None, map(str.strip, text.split(","))))


def coerce(text):
    for kind in (number(int), number(float), flag, listed):
        try:
            return kind(text.strip())
        except (ValueError, KeyError):
            continue
    return text.strip()


def nest(settings, separator):
    tree = {}
    for name in settings:
        head, _found, rest = name.partition(separator)
        if not rest:
            tree[head] = settings[name]
    for name in settings:
        head, _found, rest = name.partition(separator)
        if rest and not isinstance(tree.setdefault(head, {}), dict):
            raise ValueError(f"{name}: {head} has a value of its own")
    for head, value in list(tree.items()):
        if isinstance(value, dict):
            start = head + separator
            under = {
                name[len(start) :]: settings[name]
                for name in settings
                if name[: len(start)] == start
            }
            tree[head] = nest(under, separator)
    return tree


def merge(tree, other):
    if not isinstance(tree, dict) or not isinstance(other, dict):
        return other
    return tree | {name: merge(tree.get(name), other[name]) for name in other}

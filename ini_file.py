from configparser import ConfigParser, Error, MissingSectionHeaderError

from nested import coerce, nest


def read_ini(text):
    parser = ConfigParser(delimiters=["="], interpolation=None)
    parser.optionxform = str  # names as they are written
    try:
        parser.read_string(text)
    except MissingSectionHeaderError:
        raise ValueError("a section, such as [shop], must come first") from None
    except Error as error:
        line = getattr(error, "lineno", None) or error.errors[0][0]
        raise ValueError(f"line {line} has no value, or stands there twice") from None
    settings = {}
    for section in parser.sections():
        settings.update(parser[section])
    return nest({name: typed(name, value) for name, value in settings.items()}, ".")


def typed(name, value):
    # A secret is a text, also when it looks like a number.
    return value if name == "secret_key" else coerce(value)

import functools


def in_context_of(app):
    def decorate(function):
        @functools.wraps(function)
        def run(*args, **kwargs):
            context = app.app_context()
            context.push()
            try:
                return function(*args, **kwargs)
            finally:
                context.pop()

        return run

    return decorate

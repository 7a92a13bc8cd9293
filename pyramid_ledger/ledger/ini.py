from click import Option
from pyramid_tasks.celery import celery

# pyramid-tasks gives Celery its options in the form of Celery 4. This is the form of Celery 5.
celery.user_options["preload"] = {Option(["--ini"]), Option(["--ini-var"])}

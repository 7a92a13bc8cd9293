from click import Option

from ledger import configure

celery = configure({}).make_celery_app()
celery.user_options["preload"].add(Option(["--ini"]))

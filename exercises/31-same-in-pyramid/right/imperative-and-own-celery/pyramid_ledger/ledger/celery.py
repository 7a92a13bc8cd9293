from . import configure

celery = configure({}).make_celery_app()

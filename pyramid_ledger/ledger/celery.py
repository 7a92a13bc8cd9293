from ledger import configure

app = configure({}).make_celery_app()

from pyramid_tasks.celery import celery

app = celery

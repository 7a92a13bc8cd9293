from celery import make_celery
from wsgi import app

celery = make_celery(app)

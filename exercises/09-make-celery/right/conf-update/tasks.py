import celery as celery_package

import wsgi


def make_celery(flask_app):
    broker = flask_app.config["CELERY_BROKER_URL"]
    backend = flask_app.config["CELERY_RESULT_BACKEND"]
    queue = celery_package.Celery("shop")
    queue.conf.update(broker_url=broker, result_backend=backend)
    return queue


celery = make_celery(wsgi.app)

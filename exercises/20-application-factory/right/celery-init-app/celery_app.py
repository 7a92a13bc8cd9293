from celery import Celery, Task


def celery_init_app(app):
    """As Flask's documentation has it, with the settings that this project has."""

    class FlaskTask(Task):
        def __call__(self, *args, **kwargs):
            with app.app_context():
                return self.run(*args, **kwargs)

    celery = Celery(app.name, task_cls=FlaskTask)
    celery.conf.update(
        broker_url=app.config["CELERY_BROKER_URL"],
        result_backend=app.config["CELERY_RESULT_BACKEND"],
    )
    celery.set_default()
    app.extensions["celery"] = celery
    return celery

from celery import Celery


class FlaskCelery(Celery):
    def __init__(self, app):
        settings = app.config
        super().__init__(
            app.import_name,
            broker=settings["CELERY_BROKER_URL"],
            backend=settings["CELERY_RESULT_BACKEND"],
        )
        self.flask_app = app


def make_celery(app):
    return FlaskCelery(app)

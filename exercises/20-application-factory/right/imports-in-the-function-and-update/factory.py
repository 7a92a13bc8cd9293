from flask import Flask
from flask_migrate import Migrate

from config import Config
from models import db
from schemas import ma


def create_app(config=None):
    from tasks import make_celery
    from views.errors import errors
    from views.home import home
    from views.notices import notices
    from views.products import products

    app = Flask("shop")
    app.config.from_object(Config)
    if config is not None:
        app.config.update(config)
    for extension in (db, ma):
        extension.init_app(app)
    Migrate(app, db)
    app.extensions["celery"] = make_celery(app)
    app.register_blueprint(errors)
    app.register_blueprint(home)
    for blueprint in (notices, products):
        app.register_blueprint(blueprint, url_prefix="/api/v1")
    return app

from flask import Flask
from flask_migrate import Migrate

from config import Config
from models import db
from schemas import ma
from tasks import make_celery
from views.errors import errors
from views.home import home
from views.notices import notices
from views.products import products

BASE_URL = "/api/v1"

migrate = Migrate()


def create_app(config=None):
    app = Flask(__name__)
    app.config.from_object(Config)
    make_celery(app)
    app.config.from_mapping(config or {})

    db.init_app(app)
    ma.init_app(app)
    migrate.init_app(app, db)

    app.register_blueprint(errors)
    app.register_blueprint(home)
    app.register_blueprint(notices, url_prefix=BASE_URL)
    app.register_blueprint(products, url_prefix=BASE_URL)
    return app

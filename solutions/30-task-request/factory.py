from flask import Flask
from flask_migrate import Migrate

import store
import tracing
from config import settings
from models import db
from registry import scan
from schemas import ma
from tasks import make_celery
from views.errors import errors
from views.home import home
from views.ledger import ledger
from views.mails import mails
from views.notices import notices
from views.products import products
from views.reports import reports
from views.task import task

BASE_URL = "/api/v1"

migrate = Migrate()


def create_app(config=None):
    app = Flask(__name__)
    app.config.from_mapping(settings())
    app.config.from_mapping(config or {})

    db.init_app(app)
    ma.init_app(app)
    migrate.init_app(app, db)
    tracing.init_app(app)
    make_celery(app)
    store.init_app(app)
    scan(app, "jobs")

    app.register_blueprint(errors)
    app.register_blueprint(home)
    app.register_blueprint(ledger)
    app.register_blueprint(mails, url_prefix=BASE_URL)
    app.register_blueprint(notices, url_prefix=BASE_URL)
    app.register_blueprint(products, url_prefix=BASE_URL)
    app.register_blueprint(reports, url_prefix=BASE_URL)
    app.register_blueprint(task, url_prefix="/task")
    return app

from flask import Flask, jsonify
from flask_migrate import Migrate
from werkzeug.exceptions import HTTPException

from api import api
from config import Config
from models import db
from schemas import ma


def create_app():
    app = Flask(__name__)
    app.config.from_object(Config)
    db.init_app(app)
    ma.init_app(app)
    Migrate(app, db)
    app.register_blueprint(api, url_prefix="/api/v1")
    app.register_error_handler(HTTPException, error_as_json)

    @app.get("/")
    def hello():
        return jsonify(hello="shop")

    return app


def error_as_json(error):
    return jsonify(error=error.description), error.code


app = create_app()

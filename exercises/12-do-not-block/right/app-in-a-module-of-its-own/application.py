from flask import Flask, jsonify
from flask_migrate import Migrate
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from config import Config
from models import db
from schemas import ma


def create_app():
    app = Flask("shop")
    app.config.from_object(Config)
    db.init_app(app)
    ma.init_app(app)
    Migrate(app, db)

    @app.errorhandler(HTTPException)
    def http_error(error):
        return jsonify(error=error.name, message=error.description), error.code

    @app.errorhandler(ValidationError)
    def validation_error(error):
        return jsonify(error="Unprocessable Entity", messages=error.messages), 422

    return app


app = create_app()

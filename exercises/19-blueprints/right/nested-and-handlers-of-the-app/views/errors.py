from flask import jsonify
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException


def http_error(error):
    return jsonify(error=error.name, message=error.description), error.code


def validation_error(error):
    return jsonify(error="Unprocessable Entity", messages=error.messages), 422


def register_errors(app):
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(ValidationError, validation_error)

from flask import Blueprint, jsonify
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

errors = Blueprint("errors", __name__)


@errors.app_errorhandler(HTTPException)
def http_error(error):
    return jsonify(error=error.name, message=error.description), error.code


@errors.app_errorhandler(ValidationError)
def validation_error(error):
    return jsonify(error="Unprocessable Entity", messages=error.messages), 422

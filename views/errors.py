import redis
from flask import Blueprint, current_app, jsonify
from kombu.exceptions import OperationalError
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from tasks import NoBroker

errors = Blueprint("errors", __name__)


@errors.app_errorhandler(HTTPException)
def http_error(error):
    return jsonify(error=error.name, message=error.description), error.code


@errors.app_errorhandler(ValidationError)
def validation_error(error):
    return jsonify(error="Unprocessable Entity", messages=error.messages), 422


@errors.app_errorhandler(NoBroker)
def no_broker(error):
    current_app.logger.error("%s", error)
    return jsonify(error="Service Unavailable", message="No task can be started."), 503


@errors.app_errorhandler(OperationalError)
@errors.app_errorhandler(redis.ConnectionError)
def broker_is_stopped(error):
    current_app.logger.error("%s", error)
    return jsonify(error="Service Unavailable", message="No task can be reached."), 503

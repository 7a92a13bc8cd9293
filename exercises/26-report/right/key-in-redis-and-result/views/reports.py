from uuid import uuid4

from flask import Blueprint, abort, current_app, jsonify, make_response, url_for
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from reports import CURRENT, KEPT, LONGEST, connect, free, make_report
from tasks import NoBroker

reports = Blueprint("reports", __name__)


def place_of(report_id):
    return f"report:{report_id}"


def running_or_new():
    with connect() as redis:
        wanted = str(uuid4())
        redis.set(place_of(wanted), "known", ex=KEPT)
        if redis.set(CURRENT, wanted, nx=True, ex=LONGEST):
            return wanted, True
        redis.delete(place_of(wanted))
        return redis.get(CURRENT) or wanted, False


@reports.post("/reports")
def start():
    try:
        if not current_app.config["CELERY_RESULT_BACKEND"]:
            raise NoBroker("Celery has no broker: REDIS_URL is not set.")
        report_id, new = running_or_new()
        if new:
            task = current_app.extensions["celery"].tasks[make_report.name]
            try:
                task.apply_async(task_id=report_id)
            except OperationalError:
                free(report_id)
                raise
    except (OperationalError, RedisError) as error:
        current_app.logger.error("No report: %s", error)
        abort(503, "No report can be started.")
    answer = make_response(jsonify(report_id=report_id, state="PENDING"), 202)
    answer.location = url_for(".read", report_id=report_id, _external=True)
    return answer


@reports.get("/reports/<report_id>")
def read(report_id):
    with connect() as redis:
        if not redis.exists(place_of(report_id)):
            abort(404, "There is no such report.")
    result = current_app.extensions["celery"].AsyncResult(report_id)
    state = result.state
    if state != "SUCCESS":
        return jsonify(report_id=report_id, state=state)
    answer = make_response(result.result)
    answer.content_type = "text/csv; charset=utf-8"
    return answer

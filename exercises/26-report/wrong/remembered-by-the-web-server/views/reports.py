from threading import Lock

from flask import Blueprint, Response, abort, current_app, jsonify, url_for
from kombu.exceptions import OperationalError

from models import Report, db
from reports import write_report
from tasks import NoBroker

reports = Blueprint("reports", __name__)
running = {}
lock = Lock()


def send(report):
    celery = current_app.extensions["celery"]
    try:
        celery.tasks[write_report.name].apply_async(
            args=[report.id], ignore_result=True, retry_policy={"max_retries": 1}
        )
    except (NoBroker, OperationalError) as error:
        current_app.logger.error("The report was not enqueued: %s", error)
        report.end("FAILURE")
        db.session.commit()
        abort(503, "No report can be started.")


@reports.post("/reports")
def start_report():
    with lock:
        report = db.session.get(Report, running["id"]) if running else None
        if report is None or report.state != "PENDING":
            report = Report()
            db.session.add(report)
            db.session.commit()
            running["id"] = report.id
            send(report)
    location = url_for("reports.read_report", report_id=report.id)
    return jsonify(id=report.id, state=report.state), 202, {"Location": location}


@reports.get("/reports/<report_id>")
def read_report(report_id):
    report = db.session.get(Report, report_id)
    if report is None:
        abort(404, f"There is no report {report_id}.")
    if report.state != "SUCCESS":
        return jsonify(id=report.id, state=report.state)
    attachment = {"Content-Disposition": 'attachment; filename="products.csv"'}
    return Response(report.content, mimetype="text/csv", headers=attachment)

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, abort, current_app, jsonify, url_for
from kombu.exceptions import OperationalError
from sqlalchemy.exc import IntegrityError

from models import Report, db
from reports import write_report
from tasks import NoBroker

# After that, a report that has not ended never will: its message or its worker is lost.
LONGEST = timedelta(minutes=10)

reports = Blueprint("reports", __name__)


def give_up_lost_report():
    begun_before = Report.started_at < datetime.now(UTC) - LONGEST
    lost = db.update(Report).where(Report.running.is_(True), begun_before)
    db.session.execute(lost.values(running=None, state="FAILURE"))


def take_the_place():
    """Return the report that runs, and whether it is a new one."""
    while True:
        give_up_lost_report()
        report = Report()
        db.session.add(report)
        try:
            db.session.commit()
            return report, True
        except IntegrityError:
            db.session.rollback()
        report = db.session.scalar(db.select(Report).where(Report.running.is_(True)))
        # None when it has ended in between: then the place is free.
        if report is not None:
            return report, False


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
    report, new = take_the_place()
    if new:
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

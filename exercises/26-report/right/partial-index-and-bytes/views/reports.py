import io

from flask import Blueprint, current_app, send_file
from flask.views import MethodView
from kombu.exceptions import OperationalError
from sqlalchemy.exc import IntegrityError

from models import Report, db
from reports import fill_report
from tasks import NoBroker

reports = Blueprint("reports", __name__)


class Reports(MethodView):
    def post(self):
        running = db.select(Report).filter_by(state="PENDING")
        report = db.session.scalar(running)
        if report is None:
            report = Report()
            db.session.add(report)
            try:
                db.session.commit()
            except IntegrityError:
                db.session.rollback()
                report = db.session.scalars(running).one()
            else:
                if not self.enqueue(report):
                    return {"message": "No task can be started."}, 503
        place = f"/api/v1/reports/{report.id}"
        return {"state": report.state, "place": place}, 202, {"Location": place}

    def enqueue(self, report):
        task = current_app.extensions["celery"].tasks[fill_report.name]
        try:
            task.apply_async((report.id,), ignore_result=True, retry=False)
        except (OperationalError, NoBroker):
            current_app.logger.exception("Report %s was not enqueued", report.id)
            report.close("FAILURE")
            db.session.commit()
            return False
        return True


class OneReport(MethodView):
    def get(self, report_id):
        report = db.get_or_404(Report, report_id)
        if report.state == "SUCCESS":
            return send_file(
                io.BytesIO(report.file), mimetype="text/csv", download_name=f"{report.id}.csv"
            )
        return {"state": report.state}


reports.add_url_rule("/reports", view_func=Reports.as_view("reports"))
reports.add_url_rule("/reports/<int:report_id>", view_func=OneReport.as_view("report"))

import csv
import tempfile

from celery import shared_task

from models import Product, Report, db


@shared_task(acks_late=True)
def fill_report(report_id):
    report = db.session.get(Report, report_id)
    if report.state != "PENDING":
        return
    try:
        # Only this function reads the file: it may be on the disk of the worker.
        with tempfile.TemporaryFile("w+", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
            writer.writerow(["name", "description", "id"])
            for product in Product.query.all():
                writer.writerow([product.name, product.description, product.id])
            file.flush()
            file.buffer.seek(0)
            report.file = file.buffer.read()
        report.close("SUCCESS")
    except Exception:
        db.session.rollback()
        report.close("FAILURE")
        raise
    finally:
        db.session.commit()

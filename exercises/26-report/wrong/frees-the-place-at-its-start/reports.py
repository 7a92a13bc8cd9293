import csv
import io

from celery import shared_task

from models import Product, Report, db

COLUMNS = ("id", "name", "description")


def products_as_csv():
    # The csv module ends its lines itself: newline="" leaves them as they are.
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for product in db.session.scalars(db.select(Product).order_by(Product.id)):
        writer.writerow([getattr(product, name) for name in COLUMNS])
    return file.getvalue()


@shared_task(acks_late=True)
def write_report(report_id):
    report = db.session.get(Report, report_id)
    if report is None or not report.running:
        return
    report.running = None
    report.state = "STARTED"
    db.session.commit()
    try:
        report.end("SUCCESS", products_as_csv())
        db.session.commit()
    except Exception:
        db.session.rollback()
        report.end("FAILURE")
        db.session.commit()
        raise

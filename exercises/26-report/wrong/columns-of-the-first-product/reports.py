import csv
import io

from celery import shared_task

from models import Product, Report, db
from schemas import many_product_schema


def products_as_csv():
    rows = many_product_schema.dump(db.session.scalars(db.select(Product).order_by(Product.id)))
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, fieldnames=sorted(rows[0], key=["id", "name", "description"].index))
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


@shared_task(acks_late=True)
def write_report(report_id):
    report = db.session.get(Report, report_id)
    if report is None or not report.running:
        return
    try:
        report.end("SUCCESS", products_as_csv())
        db.session.commit()
    except Exception:
        db.session.rollback()
        report.end("FAILURE")
        db.session.commit()
        raise

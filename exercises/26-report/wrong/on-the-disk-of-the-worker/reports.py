import csv
from pathlib import Path

from celery import shared_task
from flask import current_app

from models import Product, Report, db

COLUMNS = ("id", "name", "description")


def path_of(report_id):
    return Path(current_app.instance_path, f"report-{report_id}.csv")


def write_products(path):
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for product in db.session.scalars(db.select(Product).order_by(Product.id)):
            writer.writerow([getattr(product, name) for name in COLUMNS])


@shared_task(acks_late=True)
def write_report(report_id):
    report = db.session.get(Report, report_id)
    if report is None or not report.running:
        return
    try:
        write_products(path_of(report.id))
        report.end("SUCCESS")
        db.session.commit()
    except Exception:
        db.session.rollback()
        report.end("FAILURE")
        db.session.commit()
        raise

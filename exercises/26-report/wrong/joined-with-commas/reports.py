from celery import shared_task

from models import Product, Report, db


def products_as_csv():
    lines = ["id,name,description"]
    for product in db.session.scalars(db.select(Product).order_by(Product.id)):
        lines.append(f"{product.id},{product.name},{product.description or ''}")
    return "\n".join(lines)


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

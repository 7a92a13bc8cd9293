from celery import shared_task
from celery.signals import worker_ready
from sqlalchemy.exc import DatabaseError

from models import BadLine, Import, ImportLine, Product, db

AT_A_TIME = 64


def why_not(values):
    if "name" not in values or "" in values:
        return "Not as many values as columns."
    if not values["name"].strip():
        return "There is no name."
    if len(values["name"]) > 120:
        return "The name has more than 120 characters."
    return None


@shared_task(acks_late=True, ignore_result=True)
def import_lines(import_id):
    left = (
        db.select(ImportLine.number, ImportLine.values)
        .filter_by(import_id=import_id)
        .order_by(ImportLine.number)
        .limit(AT_A_TIME)
    )
    while lines := db.session.execute(left).all():
        db.session.rollback()
        numbers = [number for number, _values in lines]
        taken = db.session.execute(
            db.delete(ImportLine).where(
                ImportLine.import_id == import_id, ImportLine.number.in_(numbers)
            )
        )
        if taken.rowcount < len(lines):
            db.session.rollback()
            return
        for number, values in lines:
            reason = why_not(values)
            if reason:
                db.session.add(BadLine(import_id=import_id, line=number, reason=reason))
            else:
                db.session.add(Product(**values))
        db.session.commit()


@shared_task(ignore_result=True)
def finish_what_was_begun():
    ids = ()
    try:
        ids = db.session.scalars(db.select(ImportLine.import_id).distinct()).all()
    except DatabaseError:
        pass  # there is no such table yet
    db.session.rollback()
    db.engine.dispose()
    for import_id in ids:
        import_lines.delay(import_id)


@worker_ready.connect
def at_start(sender, **rest):
    sender.app.tasks["imports.finish_what_was_begun"]()

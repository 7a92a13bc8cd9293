import csv

from celery import current_app, shared_task
from celery.signals import worker_ready
from marshmallow import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from models import BadLine, Import, Product, db
from schemas import one_product_schema

SIZE = 80


class Catalogue:
    """A file of products: its columns, and its rows with their numbers."""

    def __init__(self, content):
        self.lines = content.decode("utf-8-sig").splitlines(keepends=True)
        first = self.lines[0] if self.lines else ""
        semicolons = first.count(";") > first.count(",")
        self.reader = csv.DictReader(
            self.lines, delimiter=";" if semicolons else ",", restkey="more"
        )
        columns = self.reader.fieldnames or []
        self.reader.fieldnames = self.columns = [name.strip().lower() for name in columns]

    def after(self, line):
        for row in self.reader:
            if self.reader.line_num > line:
                yield self.reader.line_num, row


def problem_of(row):
    if "more" in row:
        return "Too many values."
    if None in row.values():
        return "Too few values."
    try:
        one_product_schema.load(row)
    except ValidationError as error:
        return str(error)
    return None


@shared_task(bind=True, acks_late=True, reject_on_worker_lost=True, max_retries=20)
def import_batch(self, import_id):
    try:
        over = do_batch(import_id)
    except SQLAlchemyError as error:
        db.session.rollback()
        raise self.retry(exc=error, countdown=1)
    if not over:
        self.apply_async([import_id])


def do_batch(import_id):
    job = db.session.get(Import, import_id)
    if job is None or job.line >= job.lines:
        return True
    old = job.line
    good, bad, new = [], [], job.lines
    for number, row in Catalogue(job.content).after(old):
        problem = problem_of(row)
        if problem:
            bad.append({"import_id": import_id, "line": number, "reason": problem[:300]})
        else:
            row["description"] = row.get("description") or None
            good.append(row)
        if len(good) + len(bad) == SIZE:
            new = number
            break
    job_table = Import.__table__
    moved = db.session.execute(
        job_table.update()
        .where(job_table.c.id == import_id, job_table.c.line == old)
        .values(line=new, imported=job_table.c.imported + len(good))
    )
    if moved.rowcount == 1:
        if good:
            db.session.execute(db.insert(Product), good)
        if bad:
            db.session.execute(db.insert(BadLine), bad)
        db.session.commit()
        return new == job.lines
    db.session.rollback()
    return True


@shared_task(ignore_result=True)
def take_up():
    try:
        jobs = db.session.scalars(db.select(Import).where(Import.line != Import.lines))
        for job in jobs.all():
            current_app.tasks["imports.import_batch"].delay(job.id)
    except SQLAlchemyError as error:
        print("no imports:", type(error).__name__)
    db.session.close()
    db.engine.dispose()


@worker_ready.connect
def begin(sender=None, **kwargs):
    sender.app.tasks["imports.take_up"]()

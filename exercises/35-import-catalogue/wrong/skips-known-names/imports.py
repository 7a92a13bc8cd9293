import csv
import io
from itertools import islice

from celery import shared_task
from celery.signals import worker_ready
from celery.utils.log import get_task_logger
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError, OperationalError

from models import BadLine, Import, Product, db
from schemas import one_product_schema

BATCH = 100

# One value may fill the file; csv would refuse more than 131,072 characters.
csv.field_size_limit(5_000_000)

logger = get_task_logger(__name__)


def read_lines(content):
    text = content.decode("utf-8-sig")
    header = io.StringIO(text, newline=None).readline()
    delimiter = ";" if ";" in header and "," not in header else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            values = [value.strip() for value in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            # The reader goes on with the next line.
            values = None
        yield number, reader.line_num, values


def read_columns(values):
    return [value.lower() for value in values or ()]


def read_product(columns, values):
    if values is None:
        raise ValidationError("The quotes of this line do not match.")
    if len(values) != len(columns):
        raise ValidationError(f"{len(values)} values for {len(columns)} columns.")
    row = dict(zip(columns, values, strict=True))
    row["description"] = row.get("description") or None
    return Product(**one_product_schema.load(row))


def read_reason(error):
    messages = error.messages
    if isinstance(messages, dict):
        messages = [f"{name}: {' '.join(said)}" for name, said in messages.items()]
    return " ".join(messages)


def save_batch(import_id, reached, lines, columns):
    products, bad = [], []
    for number, _last, values in lines:
        try:
            if values != []:
                product = read_product(columns, values)
                known = db.select(Product.id).filter_by(name=product.name).limit(1)
                here = {each.name for each in products}
                if db.session.scalar(known) is None and product.name not in here:
                    products.append(product)
        except ValidationError as error:
            reason = read_reason(error)
            bad.append(BadLine(import_id=import_id, line=number, reason=reason))
    # First of all: who else has been here meanwhile has moved the line.
    here = db.update(Import).where(Import.id == import_id, Import.line == reached)
    imported = Import.imported + len(products)
    if not db.session.execute(here.values(line=lines[-1][1], imported=imported)).rowcount:
        db.session.rollback()
        return False
    db.session.add_all(products + bad)
    db.session.commit()
    return True


@shared_task(
    acks_late=True,
    reject_on_worker_lost=True,
    autoretry_for=(OperationalError,),
    retry_backoff=True,
    ignore_result=True,
)
def run_import(import_id):
    upload = db.session.get(Import, import_id)
    if upload is None:
        return
    reached = upload.line
    lines = read_lines(upload.content)
    columns = read_columns(next(lines)[2])
    left = (line for line in lines if line[1] > reached)
    while batch := list(islice(left, BATCH)):
        if not save_batch(import_id, reached, batch, columns):
            return
        reached = batch[-1][1]


@shared_task(ignore_result=True)
def resume_imports():
    unfinished = db.select(Import.id).where(Import.line < Import.lines)
    try:
        found = db.session.scalars(unfinished).all()
    except DBAPIError as error:
        logger.warning("No import was resumed: %s", error.orig)
        return
    finally:
        # The processes of the pool must not inherit this connection.
        db.session.remove()
        db.engine.dispose()
    for import_id in found:
        run_import.delay(import_id)


@worker_ready.connect
def when_ready(sender, **_options):
    # Called, not sent: it runs here, and a worker with nothing to resume sends nothing.
    sender.app.tasks[resume_imports.name]()

from flask import Blueprint, url_for
from markupsafe import escape

import background
from tasks import very_slow_add

add = Blueprint("add", __name__)


@add.get("/add/<first>/<second>/")
def page(first, second):
    try:
        numbers = int(first), int(second)
    except ValueError:
        return "Two whole numbers, please.", 404
    here = url_for("add.page", first=numbers[0], second=numbers[1])
    background_says = background.check_status_or_begin(
        very_slow_add, numbers, polling_url=here
    )
    if background.process_is_complete(polling_url=here):
        background_says = background.get_process_result(polling_url=here)
    return f"<!doctype html><title>Sum</title><p>{escape(background_says)}</p>"

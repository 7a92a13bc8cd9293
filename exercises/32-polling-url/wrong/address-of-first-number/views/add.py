from flask import Blueprint

from background import check_status_or_begin, get_process_result, process_is_complete
from tasks import very_slow_add

add = Blueprint("add", __name__)


@add.get("/add/<int(signed=True):a>/<int(signed=True):b>/")
def show_sum(a, b):
    url = f"/add/{a}/"
    if process_is_complete(polling_url=url):
        return f"{get_process_result(polling_url=url)}\n"
    return f"{check_status_or_begin(very_slow_add, (a, b), polling_url=url)}\n"

from flask import Blueprint, jsonify, url_for

from jobs.mail import announce, write_mail
from registry import delay_task, get_task_result
from views.products import find_product

mails = Blueprint("mails", __name__)


@mails.get("/products/<int:product_id>/mails")
def preview_mail(product_id):
    product = find_product(product_id)
    return jsonify(text=write_mail(product.id))


@mails.post("/products/<int:product_id>/mails")
def start_mail(product_id):
    product = find_product(product_id)
    result = delay_task(announce, product.id)
    location = url_for("mails.read_mail", task_id=result.id)
    return jsonify(task_id=result.id), 202, {"Location": location}


@mails.get("/mails/<task_id>")
def read_mail(task_id):
    result = get_task_result(task_id)
    state = result.state
    if state == "SUCCESS":
        return jsonify(state=state, text=result.result)
    return jsonify(state=state)

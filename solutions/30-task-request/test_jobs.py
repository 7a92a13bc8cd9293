import pytest
from flask import request

from factory import create_app
from jobs.mail import announce
from models import Product, db
from registry import delay_task, register_task


def app_with_socks():
    app = create_app({"SQLALCHEMY_DATABASE_URI": "sqlite://", "CELERY_BROKER_URL": None})
    with app.app_context():
        db.create_all()
        db.session.add(Product(name="Socks"))
        db.session.commit()
    return app


def test_job_is_a_function():
    with app_with_socks().test_request_context(headers={"X-Request-ID": "test-1"}):
        assert announce(1).endswith("Socks, /api/v1/products/1 (our reference: test-1)")
        assert announce(42) is None


def look():
    return [request.url, len(request.args)]


def test_task_has_a_request_of_its_own():
    app = app_with_socks()
    tasks = app.extensions["celery"].tasks
    with app.test_request_context("/?page=2", headers={"X-Request-ID": "test-2"}):
        register_task(look, name="look")
        assert tasks["look"]() == ["", 0]
        assert tasks["jobs.mail.announce"](1).endswith("(our reference: test-2)")


def test_unregistered_function():
    app = app_with_socks()
    with app.app_context(), pytest.raises(ValueError, match="not a registered task"):
        delay_task(len, "Socks")


def test_name_is_taken():
    app = app_with_socks()
    with app.app_context(), pytest.raises(ValueError, match="announce is registered"):
        register_task(len, name="jobs.mail.announce")

import pytest

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
    with app_with_socks().app_context():
        assert announce(1) == "New in the shop: Socks"
        assert announce(42) is None


def test_unregistered_function():
    app = app_with_socks()
    with app.app_context(), pytest.raises(ValueError, match="not a registered task"):
        delay_task(len, "Socks")


def test_name_is_taken():
    app = app_with_socks()
    with app.app_context(), pytest.raises(ValueError, match="announce is registered"):
        register_task(len, name="jobs.mail.announce")

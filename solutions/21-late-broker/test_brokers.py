import pytest

from factory import create_app
from tasks import NoBroker


def broker_of(app):
    return app.extensions["celery"].conf.broker_url


def test_each_app_has_its_broker():
    one = create_app({"CELERY_BROKER_URL": "redis://localhost:6379/1"})
    two = create_app({"CELERY_BROKER_URL": "redis://localhost:6379/2"})
    assert broker_of(one) == "redis://localhost:6379/1"
    assert broker_of(two) == "redis://localhost:6379/2"


def test_missing_broker_is_told_each_time():
    app = create_app({"CELERY_BROKER_URL": None})
    for _time in range(2):
        with pytest.raises(NoBroker, match="REDIS_URL"):
            broker_of(app)


def test_page_without_tasks_needs_no_broker():
    app = create_app({"CELERY_BROKER_URL": None})
    assert app.test_client().get("/").status_code == 200

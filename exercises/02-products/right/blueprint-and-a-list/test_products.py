import pytest

from wsgi import app


@pytest.fixture
def client():
    return app.test_client()


@pytest.mark.parametrize("number, status", [(7, 200), (8, 404)])
def test_status(client, number, status):
    assert client.get(f"/api/v1/products/{number}").status_code == status

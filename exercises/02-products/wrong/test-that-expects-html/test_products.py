from wsgi import app

client = app.test_client()


def test_one_product():
    response = client.get("/api/v1/products/1")
    assert response.status_code == 200
    assert response.json["name"] == "Socks"


def test_missing_product():
    response = client.get("/api/v1/products/42")
    assert response.status_code == 404
    assert b"<h1>Not Found</h1>" in response.data

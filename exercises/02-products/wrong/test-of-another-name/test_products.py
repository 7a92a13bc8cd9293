from wsgi import app

client = app.test_client()


def check_one_product():
    response = client.get("/api/v1/products/1")
    assert response.status_code == 200
    assert response.json["name"] == "Socks"


def check_missing_product():
    response = client.get("/api/v1/products/42")
    assert response.status_code == 404
    assert response.json["message"] == "There is no product 42."

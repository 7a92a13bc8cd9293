from wsgi import app

client = app.test_client()


def test_one_product():
    response = client.get("/api/v1/products/1")


def test_missing_product():
    response = client.get("/api/v1/products/42")

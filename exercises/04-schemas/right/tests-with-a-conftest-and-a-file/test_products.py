def test_list(client):
    assert [product["name"] for product in client.get("/api/v1/products").json] == ["Pen"]


def test_one(client):
    assert client.get("/api/v1/products/1").json["description"] == "Blue."

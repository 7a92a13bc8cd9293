from models import Product, db
from wsgi import app

client = app.test_client()

with app.app_context():
    db.create_all()
    product = Product(name="Socks")
    db.session.add(product)
    db.session.commit()
    product_id = product.id


def test_one_product():
    response = client.get(f"/api/v1/products/{product_id}")
    assert response.status_code == 200
    assert response.json["name"] == "Socks"


def test_missing_product():
    response = client.get("/api/v1/products/42")
    assert response.status_code == 404
    assert response.json["message"] == "There is no product 42."

from factory import create_app
from models import Product, db


def client_with(name):
    app = create_app({"SQLALCHEMY_DATABASE_URI": "sqlite://"})  # in memory
    with app.app_context():
        db.create_all()
        db.session.add(Product(name=name))
        db.session.commit()
    return app.test_client()


def test_one_product():
    response = client_with("Socks").get("/api/v1/products/1")
    assert response.status_code == 200
    assert response.json["name"] == "Socks"


def test_missing_product():
    response = client_with("Socks").get("/api/v1/products/42")
    assert response.status_code == 404
    assert response.json["message"] == "There is no product 42."


def test_two_apps():
    socks, lamp = client_with("Socks"), client_with("Lamp")
    assert socks.get("/api/v1/products/1").json["name"] == "Socks"
    assert lamp.get("/api/v1/products/1").json["name"] == "Lamp"

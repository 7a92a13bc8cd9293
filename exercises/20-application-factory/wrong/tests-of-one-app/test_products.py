import os

os.environ["DATABASE_URL"] = "sqlite://"  # in memory: set before wsgi is imported

from models import Product, db
from wsgi import app

client = app.test_client()

with app.app_context():
    db.create_all()
    db.session.add(Product(name="Socks"))
    db.session.commit()


def test_one_product():
    response = client.get("/api/v1/products/1")
    assert response.json["name"] == "Socks"

import pytest

from factory import create_app
from models import Product, db


@pytest.fixture
def shop_with(tmp_path):
    """Makes an application with a database file of its own, and one product in it."""

    def make(name):
        app = create_app({"SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/{name}.db"})
        with app.app_context():
            db.create_all()
            db.session.add(Product(name=name))
            db.session.commit()
        return app

    return make

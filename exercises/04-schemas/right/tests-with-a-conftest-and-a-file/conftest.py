import os
import tempfile

import pytest

folder = tempfile.TemporaryDirectory()
os.environ["DATABASE_URL"] = f"sqlite:///{folder.name}/test.db"


@pytest.fixture
def client():
    from models import Product, db
    from wsgi import app

    with app.app_context():
        db.create_all()
        db.session.add(Product(name="Pen", description="Blue."))
        db.session.commit()
    yield app.test_client()
    with app.app_context():
        db.drop_all()

from flask import Flask
from flask_migrate import Migrate

from config import Config
from models import Notice, db
from schemas import ma, many_notice_schema
from views.errors import errors
from views.home import home
from views.products import products

BASE_URL = "/api/v1"

app = Flask(__name__)
app.config.from_object(Config)
db.init_app(app)
ma.init_app(app)
migrate = Migrate(app, db)

app.register_blueprint(errors)
app.register_blueprint(home)
app.register_blueprint(products, url_prefix=BASE_URL)


@app.get(f"{BASE_URL}/notices")
def read_many_notices():
    found = db.session.scalars(db.select(Notice).order_by(Notice.id))
    return many_notice_schema.jsonify(found)

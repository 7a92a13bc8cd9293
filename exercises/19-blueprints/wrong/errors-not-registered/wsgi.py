from flask import Flask
from flask_migrate import Migrate

from config import Config
from models import db
from schemas import ma
from views.home import home
from views.notices import notices
from views.products import products

BASE_URL = "/api/v1"

app = Flask(__name__)
app.config.from_object(Config)
db.init_app(app)
ma.init_app(app)
migrate = Migrate(app, db)

app.register_blueprint(home)
app.register_blueprint(notices, url_prefix=BASE_URL)
app.register_blueprint(products, url_prefix=BASE_URL)

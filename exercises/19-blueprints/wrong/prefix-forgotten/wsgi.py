from flask import Flask
from flask_migrate import Migrate

from config import Config
from models import db
from schemas import ma
from views.errors import errors
from views.home import home
from views.notices import notices
from views.products import products

BASE_URL = "/api/v1"

app = Flask(__name__)
app.config.from_object(Config)
db.init_app(app)
ma.init_app(app)
migrate = Migrate(app, db)

app.register_blueprint(errors)
app.register_blueprint(home)
app.register_blueprint(notices)
app.register_blueprint(products)

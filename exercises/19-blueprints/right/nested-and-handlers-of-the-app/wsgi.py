from flask import Flask
from flask_migrate import Migrate

from config import Config
from models import db
from schemas import ma
from views.api import api
from views.errors import register_errors
from views.home import home

app = Flask(__name__)
app.config.from_object(Config)
db.init_app(app)
ma.init_app(app)
migrate = Migrate(app, db)

register_errors(app)
app.register_blueprint(home)
app.register_blueprint(api)

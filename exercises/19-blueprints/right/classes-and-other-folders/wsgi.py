from flask import Flask
from flask_migrate import Migrate

import greeting
import notices
import products
from config import Config
from models import db
from schemas import ma
from views.errors import errors

app = Flask(__name__)
app.config.from_object(Config)
db.init_app(app)
ma.init_app(app)
migrate = Migrate(app, db)

app.register_blueprint(errors)
for subject in (greeting, notices, products):
    app.register_blueprint(subject.blueprint)

from flask import Flask
from flask_migrate import Migrate

from config import Config
from models import db
from schemas import ma

BASE_URL = "/api/v1"

app = Flask(__name__)
app.config.from_object(Config)
db.init_app(app)
ma.init_app(app)
migrate = Migrate(app, db)

from views.errors import errors  # noqa: E402
from views.home import home  # noqa: E402
from views.notices import notices  # noqa: E402
from views.products import products  # noqa: E402

app.register_blueprint(errors)
app.register_blueprint(home)
app.register_blueprint(notices, url_prefix=BASE_URL)
app.register_blueprint(products, url_prefix=BASE_URL)

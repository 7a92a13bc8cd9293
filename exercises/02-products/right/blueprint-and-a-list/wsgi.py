from flask import Flask

from api import api

app = Flask(__name__)
app.register_blueprint(api)


@app.errorhandler(404)
def not_found(error):
    return {"error": str(error)}, 404


@app.route("/")
def index():
    return "Hi"

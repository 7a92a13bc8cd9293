from flask import Flask


def create_app():
    app = Flask(__name__)

    @app.route("/")
    def hello():
        return "<h1>Bonjour</h1>", 200

    return app

from flask import Flask

if __name__ == "__main__":
    app = Flask(__name__)

    @app.get("/")
    def hello():
        return "Hello!\n"

    app.run()

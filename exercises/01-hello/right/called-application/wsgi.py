import flask

application = flask.Flask("shop")


def greet():
    return {"message": "Hello!"}


application.add_url_rule("/", view_func=greet)

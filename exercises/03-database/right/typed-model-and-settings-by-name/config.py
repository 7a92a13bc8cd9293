from os import getenv

SQLALCHEMY_DATABASE_URI = getenv("DATABASE_URL") or "sqlite:///catalogue.sqlite3"

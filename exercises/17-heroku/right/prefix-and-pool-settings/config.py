import os

from dotenv import load_dotenv

load_dotenv()
SCHEME = "postgres://"
database = os.environ.get("DATABASE_URL", "sqlite:///shop.db")
if database.startswith(SCHEME):
    database = "postgresql://" + database[len(SCHEME) :]


class Config:
    SQLALCHEMY_DATABASE_URI = database
    SQLALCHEMY_ENGINE_OPTIONS = {"pool_pre_ping": True, "pool_recycle": 300}
    CELERY_BROKER_URL = os.environ["REDIS_URL"]
    CELERY_RESULT_BACKEND = os.environ["REDIS_URL"]

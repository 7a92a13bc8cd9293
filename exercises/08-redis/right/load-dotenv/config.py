import os

from dotenv import load_dotenv

load_dotenv()

redis_url = os.getenv("REDIS_URL", "redis://localhost:6379")


class Config:
    SQLALCHEMY_DATABASE_URI = os.getenv("DATABASE_URL", "sqlite:///shop.db")
    CELERY_BROKER_URL = redis_url
    CELERY_RESULT_BACKEND = redis_url

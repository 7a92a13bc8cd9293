"""What stands in a Redis that Celery uses, for the eyes of a learner."""

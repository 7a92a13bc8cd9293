rm migrations/versions/*.py

rm migrations/versions/*_description.py

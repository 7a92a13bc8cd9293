from factory import app as app

from flask import app

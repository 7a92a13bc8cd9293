"""The local Heroku that the real `heroku` command and `git push heroku` talk to."""

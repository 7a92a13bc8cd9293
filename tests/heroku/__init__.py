"""The local Heroku, by its parts and by the real command."""

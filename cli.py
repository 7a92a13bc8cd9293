import os

import click

from config import DEFAULT_FILE
from factory import create_app


@click.command()
def serve():
    """Start the web server in debug mode, on the port of the configuration."""
    # A file that is named may not be missing.
    os.environ["FLASK_CONFIG"] = os.environ.get("FLASK_CONFIG") or DEFAULT_FILE
    app = create_app()
    app.run(debug=True, port=app.config["PORT"], load_dotenv=False)


if __name__ == "__main__":
    serve()

import click

from factory import create_app


@click.command()
def serve():
    """Start the web server in debug mode, on the port of the configuration."""
    app = create_app()
    app.run(debug=True, port=app.config["PORT"] or 0, load_dotenv=False)


if __name__ == "__main__":
    serve()

import sys

from click import ClickException

from factory import create_app

if __name__ == "__main__":
    try:
        app = create_app()
    except ClickException as error:
        print("Not started.", error.format_message(), file=sys.stderr)
        sys.exit(error.exit_code)
    app.debug = True
    app.run("127.0.0.1", app.config["SERVE_ON"])

import os
import sys

from click import ClickException

from config import settings


def main():
    try:
        port = settings(needed=True)["HTTP_PORT"]
    except ClickException as error:
        sys.exit(error.message)
    command = [sys.executable, "-m", "flask", "run", "--debug", "--port", str(port)]
    os.execv(sys.executable, command)


if __name__ == "__main__":
    main()

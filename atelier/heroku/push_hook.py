"""The pre-receive hook of every app: asks the platform to build, and prints what it answers.

It is a program of its own, run by git with nothing but the standard library. A first
character on each line of the answer says what the line is: `|` a line to show, `=` the end.
"""

import http.client
import json
import os
import sys


def main() -> int:
    """Return 0 when the push is accepted."""
    updates = [line.split() for line in sys.stdin.read().splitlines()]
    quarantine = {
        name: os.environ[name]
        for name in ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
        if name in os.environ
    }
    host, path = os.environ["ATELIER_PUSH_HOST"], os.environ["ATELIER_PUSH_PATH"]
    connection = http.client.HTTPConnection(host)
    accepted = False
    try:
        connection.request(
            "POST",
            path,
            json.dumps({"updates": updates, "quarantine": quarantine}),
            {"Authorization": os.environ["ATELIER_PUSH_KEY"], "Content-Type": "application/json"},
        )
        for raw in connection.getresponse():
            line = raw.decode("utf-8", "replace").rstrip("\n")
            if line.startswith("|"):
                sys.stdout.write(line[1:] + "\n")
                sys.stdout.flush()
            elif line.startswith("="):
                accepted = line == "=accepted"
    except (OSError, http.client.HTTPException):
        sys.stdout.write(" !     The local Heroku stopped.\n")
    return 0 if accepted else 1


if __name__ == "__main__":
    sys.exit(main())

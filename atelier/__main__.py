"""The entry point of the `atelier` command."""

import os
import sys
from pathlib import Path

# Read by Celery: set for the learner's own work, they would send ours to their broker.
_FOREIGN = ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL")


def main() -> None:
    """Run the command line and exit with its code."""
    for name in _FOREIGN:
        os.environ.pop(name, None)
    _forget_python_path()
    try:
        from atelier.cli import run  # late: `--help` in a broken folder must still work

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # Ctrl-C while modules load
        code = 130
    sys.exit(code)


def _forget_python_path() -> None:
    """Keep a redis.py of the learner's, on PYTHONPATH, from standing before the package."""
    folders = {str(Path(name).absolute()) for name in os.environ.get("PYTHONPATH", "").split(":")}
    if "PYTHONPATH" in os.environ:
        sys.path[:] = [entry for entry in sys.path if entry not in folders]


if __name__ == "__main__":
    main()

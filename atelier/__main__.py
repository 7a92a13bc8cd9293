"""The entry point of the `atelier` command."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from atelier.cli import run  # late: `--help` in a broken folder must still work

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

"""500 learners at random, every move theirs or git's or a command, killed at any moment.

Run by `script/soak undo [SEEDS]`: stops at the first byte that is lost, with
the seed that loses it. `script/test` plays the first 50.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.undo_kit import Learner


def main() -> None:
    """Play the sequences, each longer than the tests'."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    for seed in range(seeds):
        with tempfile.TemporaryDirectory(prefix="soak-") as home:
            try:
                Learner(seed, Path(home)).live(16)
            except AssertionError:
                print(f"seed {seed}:", file=sys.stderr)
                raise
    print(f"{seeds} sequences, no byte lost")


if __name__ == "__main__":
    main()

"""An SQLite database whose writes or commits are held up, so that what comes before is seen."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType

from atelier.harness.deadline import Deadline

_LOOK_EVERY = 0.01  # seconds


@contextmanager
def writes_held(database: Path) -> Iterator[None]:
    """While this is open the database can be read, and who writes to it waits.

    One connection may write at a time, and others wait for five seconds as Python's sqlite3
    has it. Source: https://sqlite.org/lang_transaction.html
    """
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        yield
        writer.execute("ROLLBACK")


class HeldCommits:
    """While this is open, transactions may read and write, and none can commit.

    A reader's lock does it: a commit waits until the readers have gone, for five seconds
    as Python's sqlite3 has it. Source: https://sqlite.org/lockingv3.html
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._reader = sqlite3.connect(database, isolation_level=None, check_same_thread=False)

    def __enter__(self) -> HeldCommits:
        self._reader.execute("BEGIN")
        self._reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return self

    def wait_for_commit(self, deadline: Deadline) -> bool:
        """Whether a commit waits for the readers; that it waits keeps new readers out."""
        while not deadline.over:
            try:
                with closing(sqlite3.connect(self._database, timeout=0)) as another:
                    another.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except sqlite3.OperationalError:
                return True
            time.sleep(_LOOK_EVERY)
        return False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._reader.close()

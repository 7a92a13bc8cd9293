"""The table of `script/bench`: what was measured, beside what it may take."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

# The seconds that this took on the machine for which the bounds in seconds were set.
_IMPORT = "import flask, celery, redis, sqlalchemy"
_IMPORTED = 0.38
_TIMES = 3


def slowness() -> float:
    """How many times slower this machine is now than the one the bounds were set for; 1 at least.

    A machine of many tenants is another one each hour, so it is asked beside each figure.
    """
    taken = []
    for _time in range(_TIMES):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", _IMPORT], check=True)
        taken.append(time.perf_counter() - began)
    return max(1.0, statistics.median(taken) / _IMPORTED)


def row(name: str, seconds: float, bound: float, how: str) -> None:
    """Print one line of the table, its bound made from a floor that was measured in this run."""
    verdict = "within" if seconds <= bound else "OVER"
    print(f"{name:30} {seconds:8.4f} s   bound {bound:8.4f} s = {how:44} {verdict}", flush=True)


def fixed(name: str, seconds: float, bound: float, more: float = 0.0, of: str = "") -> None:
    """Print one line whose bound was set in seconds, for a machine of a known speed.

    `more` seconds, of what is named, were measured in this run and are added to the bound.
    """
    times = slowness()
    how = f"{bound} x {times:.2f} (machine)" + (f" + {more:.2f} ({of})" if of else "")
    row(name, seconds, bound * times + more, how)

"""The dynos of one app: how many of each type run, which of them serves a request."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping

from atelier.heroku.dynos import Dyno, Order


class Formation:
    """The dynos of one app. Changes come from one thread at a time; any thread may look."""

    def __init__(self, make: Callable[[Order, Callable[[], None]], Dyno]) -> None:
        self._make = make
        self._dynos: dict[str, Dyno] = {}
        self._leaving: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._turn = itertools.count()

    @property
    def dynos(self) -> list[Dyno]:
        """The dynos that are wanted, whatever their state, by name."""
        with self._changed:
            return [self._dynos[name] for name in sorted(self._dynos, key=_order)]

    def apply(self, orders: Mapping[str, Order]) -> None:
        """Have exactly these dynos; those whose order is as before are left as they are."""
        with self._changed:
            before = dict(self._dynos)
        for name, dyno in before.items():
            if orders.get(name) != dyno.order:
                self._let_go(name)
        for name in sorted(orders, key=_order):
            if name not in self._dynos:
                self._begin(orders[name])

    def restart(self, wanted: Callable[[Dyno], bool]) -> int:
        """Start the dynos of which `wanted` is true anew; return how many there were."""
        chosen = [dyno for dyno in self.dynos if wanted(dyno)]
        for dyno in chosen:
            self._let_go(dyno.order.name)
            self._begin(dyno.order)
        return len(chosen)

    def stop(self) -> None:
        """Stop all dynos, side by side, and wait until they have ended."""
        self.apply({})
        with self._changed:
            leaving = list(self._leaving)
        for thread in leaving:
            thread.join()

    def _begin(self, order: Order) -> None:
        dyno = self._make(order, self._notify)
        with self._changed:
            self._dynos[order.name] = dyno
        dyno.start()
        self._notify()

    def _let_go(self, name: str) -> None:
        """Take a dyno out of the formation at once, and stop it in its own time."""
        with self._changed:
            dyno = self._dynos.pop(name)
            self._leaving = [thread for thread in self._leaving if thread.is_alive()]
            thread = threading.Thread(target=dyno.stop, name=f"stop {name}")
            self._leaving.append(thread)
        thread.start()
        self._notify()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def web(self, seconds: float) -> Dyno | None:
        """Return a web dyno that is up, one after the other; wait for one that is starting.

        None when none is there, or none is up in time: `web_state` says which.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._web_state() != "starting", seconds)
            up = [dyno for dyno in self._dynos.values() if _is_up(dyno)]
            return up[next(self._turn) % len(up)] if up else None

    @property
    def web_state(self) -> str:
        """How the web dynos are: `up`, `starting`, `crashed`, or `none`."""
        with self._changed:
            return self._web_state()

    def _web_state(self) -> str:
        states = {dyno.state for dyno in self._dynos.values() if dyno.order.type == "web"}
        return next((state for state in ("up", "starting", "crashed") if state in states), "none")


def _is_up(dyno: Dyno) -> bool:
    return dyno.order.type == "web" and dyno.state == "up"


def _order(name: str) -> tuple[str, int]:
    kind, _dot, number = name.rpartition(".")
    return kind, int(number)

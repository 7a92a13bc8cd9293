"""The worlds of one step's criteria."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from atelier.harness.once import Once
from atelier.harness.printed import Printed, printed_in
from atelier.harness.source import Source
from atelier.harness.world import World

T = TypeVar("T")


class Lazy:
    """Stands for an object that is made when something of it is first asked for."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> object:
        return getattr(self._make(), name)


class Worlds:
    """Makes worlds for the criteria of a step, and closes them all."""

    def __init__(
        self, source: Source, printed: Callable[[list[Printed]], None] | None = None
    ) -> None:
        """Make worlds of `source`; at the end `printed` hears what their servers printed."""
        self._source = source
        self._printed = printed
        self._shared: Once[World] = Once()
        self._observed: dict[Callable[..., Any], Once[Any]] = {}
        self._made: list[World] = []
        self._lock = threading.Lock()

    def shared(self, prepare: Callable[[World], None] | None = None) -> World:
        """Return the world that the criteria share; `prepare` is called when it is made."""

        def make() -> World:
            world = self.new()
            if prepare is not None:
                prepare(world)
            return world

        return self._shared.get(make)

    def once(self, observe: Callable[[Worlds], T]) -> T:
        """Return what `observe` saw: it is called once, for all criteria that use it."""
        with self._lock:
            once: Once[T] = self._observed.setdefault(observe, Once())
        return once.get(lambda: observe(self))

    def new(self, *, redis: bool = True, platform: bool = False) -> World:
        """Return a world of one's own; with `redis` false its Redis is stopped.

        With `platform` true it is one as on a host: no `.env`, but variables of the host's.
        """
        world = World(self._source, redis=redis, platform=platform)
        with self._lock:
            self._made.append(world)
        return world

    def close(self) -> None:
        """Close every world, side by side."""
        with self._lock:
            made, self._made = self._made, []
        if made:
            with ThreadPoolExecutor(len(made)) as pool:
                for _closed in pool.map(World.close, made):
                    pass
            if self._printed is not None:
                self._printed([each for world in made for each in printed_in(world)])

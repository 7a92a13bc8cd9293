"""An app while the platform runs: its log, its dynos, what is being done with it."""

from __future__ import annotations

import threading

from atelier.heroku.container import Container
from atelier.heroku.formation import Formation
from atelier.heroku.logs import AppLog
from atelier.heroku.records import App
from atelier.heroku.refusals import not_found


class LiveApp:
    """What an app has beyond its records. `lock` is held while its state is changed."""

    def __init__(self, app: App, log: AppLog, formation: Formation) -> None:
        self.id = app.id
        self.name = app.name
        self.log = log
        self.formation = formation
        self.lock = threading.RLock()
        self.build = threading.Lock()
        self.release_phase = threading.Lock()  # one at a time, in the order they were asked for
        self._one_offs: set[Container] = set()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether it is being destroyed, or the platform stops."""
        return self._closed

    def check(self) -> None:
        """Raise the refusal of an app that does not exist, when it is being destroyed."""
        if self._closed:
            raise not_found("Couldn't find that app.")

    def keep(self, one_off: Container) -> bool:
        """Remember a container that ends with the app; False when the app has ended already."""
        with self.lock:
            if not self._closed:
                self._one_offs.add(one_off)
            return not self._closed

    def forget(self, one_off: Container) -> None:
        """Forget a container that has ended."""
        with self.lock:
            self._one_offs.discard(one_off)

    def begin_to_end(self) -> bool:
        """Refuse what comes later; False when it was refused already."""
        with self.lock:
            before, self._closed = self._closed, True
            return not before

    def close(self) -> None:
        """Stop all that runs, and refuse what comes later."""
        with self.lock:
            self._closed = True
            one_offs = list(self._one_offs)
        for container in one_offs:
            container.kill()
        self.formation.stop()
        self.log.close()

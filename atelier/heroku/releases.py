"""Releases: a slug with config vars, checked by its release phase, then run by the dynos."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections import deque
from collections.abc import Callable

from atelier.heroku.container import Container, StartCommand
from atelier.heroku.dyno_environment import dyno_environment
from atelier.heroku.dynos import Order
from atelier.heroku.live_app import LiveApp
from atelier.heroku.logs import Filter
from atelier.heroku.places import Places
from atelier.heroku.records import App, Release, Slug
from atelier.heroku.refusals import invalid, not_found
from atelier.heroku.store import Gone, Store

USER = "learner@example.org"
_PHASE = "release"  # the process type that is run before a release goes live
_PHASE_WITHIN = 3600.0  # seconds
_PHASE_LINES = 1000  # kept of what it prints, which may be without end


class Releases:
    """Makes releases and brings them to life."""

    def __init__(self, store: Store, places: Places, platform_id: str, start: StartCommand) -> None:
        self._store = store
        self._places = places
        self._platform_id = platform_id
        self._start = start

    def current(self, app: App) -> Release | None:
        """Return the release that the dynos of an app run."""
        return self._store.release(app.id, str(app.current)) if app.current else None

    def make(self, live: LiveApp, description: str, slug_id: str | None) -> Release:
        """Make a release with the config vars of this moment; it is not live yet. Raises Gone."""
        slug = self._store.slug(slug_id)
        pending = slug is not None and _PHASE in slug.process_types
        release = self._store.add_release(
            live.id, description, slug_id, "pending" if pending else "succeeded"
        )
        live.log.write("app", "api", f"Release v{release.version} created by user {USER}")
        return release

    def make_live(
        self, live: LiveApp, release: Release, tell: Callable[[str], None] = lambda line: None
    ) -> bool:
        """Run the release phase, where there is one, then go live; `tell` hears what it prints.

        False when the phase did not succeed: the old release stays.
        """
        if release.status == "pending":
            output: deque[str] = deque(maxlen=_PHASE_LINES)

            def hear(line: str) -> None:
                output.append(line)
                tell(line)

            with live.release_phase:
                succeeded = self._run_phase(live, release, hear) == 0
            self._store.end_release(
                release, "succeeded" if succeeded else "failed", "\n".join(output)[-100_000:]
            )
            if not succeeded:
                return False
        self._go_live(live, release)
        return True

    def make_live_soon(self, live: LiveApp, release: Release) -> None:
        """Go live at once where there is no release phase, else when it has succeeded."""
        if release.status != "pending":
            self._go_live(live, release)
            return

        def run() -> None:
            with contextlib.suppress(Gone):  # destroyed meanwhile, or the platform stopped
                self.make_live(live, release)

        threading.Thread(target=run, daemon=True).start()

    def roll_back(self, live: LiveApp, name: str) -> Release:
        """Make a release of an earlier one's slug and config vars. Raises Refusal."""
        with live.lock:
            live.check()
            earlier = self._store.release(live.id, name)
            if earlier is None:
                raise not_found("Couldn't find that release.")
            if earlier.slug_id is None:
                raise invalid(f"Cannot roll back to v{earlier.version}: it has no slug.")
            if earlier.status != "succeeded":
                raise invalid(f"Cannot roll back to v{earlier.version}: it did not succeed.")
            with self._store.transaction():
                self._store.set_config(live.id, self._config_of(live, earlier))
                release = self.make(live, f"Rollback to v{earlier.version}", earlier.slug_id)
        self.make_live_soon(live, release)
        return release

    def _config_of(self, live: LiveApp, earlier: Release) -> dict[str, str]:
        """The config vars of an earlier release; add-ons are not rolled back, nor their vars."""
        addons = {addon.config_var: addon.url for addon in self._store.addons(live.id)}
        return {**earlier.config, **addons}

    def apply(self, live: LiveApp) -> None:
        """Have the dynos that the current release and the wanted quantities ask for."""
        with live.lock:
            if not live.closed:
                live.formation.apply(self.orders(live))

    def orders(self, live: LiveApp) -> dict[str, Order]:
        """Return what the dynos of an app are to run."""
        app = self._store.app(live.id)
        release = self.current(app) if app else None
        slug = self._store.slug(release.slug_id) if release else None
        if release is None or slug is None:
            return {}
        environment = dyno_environment(self._places.packages / slug.packages, release.config)
        return {
            f"{wanted.type}.{number}": Order(
                f"{wanted.type}.{number}",
                slug.process_types[wanted.type],
                environment,
                self._places.slug(slug.id),
                release.id,
                release.version,
            )
            for wanted in self._store.process_types(live.id)
            if wanted.type in slug.process_types
            for number in range(1, wanted.quantity + 1)
        }

    def _go_live(self, live: LiveApp, release: Release) -> None:
        with live.lock:
            app = self._store.app(live.id)
            if live.closed or app is None or app.current > release.version:
                return
            slug = self._store.slug(release.slug_id)
            with self._store.transaction():
                self._store.set_current(release)
                if slug is not None and not self._store.process_types(live.id):
                    # A first deploy starts web only; the other types wait to be scaled.
                    self._store.scale(
                        live.id, {name: int(name == "web") for name in scalable(slug)}
                    )
            self.apply(live)

    def _run_phase(self, live: LiveApp, release: Release, tell: Callable[[str], None]) -> int:
        """Run the release command in a dyno of its own; return its exit status."""
        slug = self._store.slug(release.slug_id)
        assert slug is not None
        name = f"{_PHASE}.{secrets.randbelow(9000) + 1000}"
        command = slug.process_types[_PHASE]
        environment = dyno_environment(self._places.packages / slug.packages, release.config)
        source = self._places.slug(slug.id)
        container = Container(self._platform_id, self._places.dynos, source, self._start)
        over = threading.Event()
        ended: list[int | None] = []

        def run() -> None:
            try:
                container.start(command, {**environment, "DYNO": name}, live.log, name)
                ended.append(container.wait(_PHASE_WITHIN))
            except OSError as error:
                live.log.write("app", name, f"The process could not be started: {error.strerror}")
            finally:
                container.clear()
                over.set()

        start = live.log.position
        if not live.keep(container):
            return 1
        live.log.write("heroku", name, f"Starting process with command `{command}`")
        threading.Thread(target=run, name=name, daemon=True).start()
        for line in live.log.follow(start, Filter("app", name), beat=0.1):
            if line is not None:
                tell(line.text)
            elif over.is_set():
                break
        over.wait()
        live.forget(container)
        status = ended[0] if ended and ended[0] is not None else 1
        live.log.write("heroku", name, f"Process exited with status {status}")
        return status


def scalable(slug: Slug) -> list[str]:
    """Return the types of a slug that dynos may be of."""
    return [name for name in slug.process_types if name != _PHASE]

"""The platform: its apps, and what they all share. It is what the API speaks for."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from atelier.heroku.addon_desk import AddOnDesk
from atelier.heroku.addons import end_left_over
from atelier.heroku.container import StartCommand, end_former_life, start_in_shell
from atelier.heroku.dynos import Dyno, Ground, Order, Pace
from atelier.heroku.formation import Formation
from atelier.heroku.live_app import LiveApp
from atelier.heroku.logs import AppLog
from atelier.heroku.names import APP_NAME, app_name
from atelier.heroku.places import Places
from atelier.heroku.records import App
from atelier.heroku.refusals import Refusal, invalid, not_found
from atelier.heroku.releases import USER, Releases
from atelier.heroku.store import Gone, NameTaken, Store

_MOST_APPS = 100


class AlreadyRunning(Exception):
    """Another platform runs in this home."""


class Platform:
    """All apps and what runs for them. `start()` it, then `stop()` it."""

    def __init__(
        self, home: Path, pace: Pace | None = None, start: StartCommand = start_in_shell
    ) -> None:
        """Live in `home`; commands of dynos are started by `start`.

        Raises AlreadyRunning.
        """
        self.places = Places(home)
        self.places.make()
        self._lock_file = self.places.lock.open("a")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock_file.close()
            raise AlreadyRunning from error
        self.store = Store(self.places.database)
        self.id = self._setting("id", lambda: uuid.uuid4().hex)
        self.key = self._setting("key", lambda: str(uuid.uuid4()))
        self.user_id = self._setting("user", lambda: str(uuid.uuid4()))
        self.port = 0
        self.releases = Releases(self.store, self.places, self.id, start)
        self.addons = AddOnDesk(self.store, self.places, self.releases)
        self._pace = pace or Pace()
        self._start = start
        self._apps: dict[str, LiveApp] = {}
        self._lock = threading.RLock()

    def _setting(self, name: str, make: Callable[[], str]) -> str:
        value = self.store.setting(name)
        if value is None:
            value = make()
            self.store.remember(name, value)
        return value

    def start(self, port: int) -> list[str]:
        """End what a former life left, start the add-ons and the dynos; return what went wrong."""
        self.port = port
        self.store.remember("port", str(port))
        end_former_life(self.id, self.places.dynos)
        end_left_over(self.places.addons)
        self._sweep()
        told = self.addons.start_all()
        self.addons.remove_orphans()
        for app in self.store.apps():
            self.releases.apply(self._bring_to_life(app))
        return told

    def stop(self) -> None:
        """Stop the dynos, then the add-ons; all that was acknowledged stays."""
        with self._lock:
            apps = list(self._apps.values())
        threads = [threading.Thread(target=app.close) for app in apps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.addons.stop_all()
        self.store.close()
        end_former_life(self.id, self.places.dynos)  # a build that still runs
        self._lock_file.close()

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://localhost:{self.port}"

    def web_url(self, name: str) -> str:
        """Return where the web process of an app is reached."""
        return f"http://{name}.localhost:{self.port}/"

    # Apps

    def create_app(self, name: str | None) -> App:
        """Make an app. Raises Refusal."""
        if name is not None and not APP_NAME.fullmatch(name):
            raise invalid(
                "Name must start with a letter, end with a letter or digit and can only contain"
                " lowercase letters, digits, and dashes; it has 3 to 30 of them."
            )
        if len(self.store.apps()) >= _MOST_APPS:
            raise invalid(f"You've reached the limit of {_MOST_APPS} apps.")
        try:
            with self._lock, self.store.transaction():
                app = self.store.add_app(name or app_name())
                self.store.add_release(app.id, "Initial release", None)
                last = self.store.add_release(app.id, "Enable Logplex", None)
                self.store.set_current(last)
        except NameTaken as error:
            raise invalid(f"Name {name} is already taken") from error
        live = self._bring_to_life(app)
        live.log.write("app", "api", f"Initial release by user {USER}")
        live.log.write("app", "api", f"Enable Logplex by user {USER}")
        return self.store.app(app.id) or app

    def app(self, name: str) -> App:
        """Return the app of this name or id. Raises Refusal."""
        app = self.store.app(name)
        if app is None:
            raise not_found("Couldn't find that app.")
        return app

    def live(self, name: str) -> LiveApp:
        """Return what runs for an app. Raises Refusal."""
        app = self.app(name)
        with self._lock:
            live = self._apps.get(app.id)
        if live is None:
            raise not_found("Couldn't find that app.")
        return live

    def destroy_app(self, name: str) -> None:
        """Stop an app, and remove it with its add-ons and all of its files. Raises Refusal."""
        live = self.live(name)
        if not live.begin_to_end():  # another request does it already
            raise not_found("Couldn't find that app.")
        live.close()
        self.addons.destroy_all(live)
        slugs = [slug.id for slug in self.store.slugs() if slug.app_id == live.id]
        self.store.delete_app(live.id)
        with self._lock:
            self._apps.pop(live.id, None)
        for slug_id in slugs:
            _remove(self.places.slug(slug_id))
        _remove(self.places.repository(live.id))
        _remove(self.places.log(live.id))

    def sweep_repository(self, app_id: str) -> None:
        """Remove the repository of an app that was destroyed while a push wrote into it."""
        with contextlib.suppress(Gone):  # the platform stops, and sweeps when it starts
            if self.store.app(app_id) is None:
                _remove(self.places.repository(app_id))

    @contextmanager
    def building(self, live: LiveApp) -> Iterator[None]:
        """Hold the one build that an app may have at a time. Raises Refusal."""
        if not live.build.acquire(blocking=False):
            raise Refusal(409, "conflict", "Another build of this app is in progress.")
        try:
            live.check()
            yield
        finally:
            live.build.release()

    def _bring_to_life(self, app: App) -> LiveApp:
        log = AppLog(self.places.log(app.id))
        ground = Ground(self.id, self.places.dynos, log, self._pace, self._start)

        def make(order: Order, changed: Callable[[], None]) -> Dyno:
            return Dyno(order, ground, changed)

        live = LiveApp(app, log, Formation(make))
        with self._lock:
            self._apps[app.id] = live
        return live

    def _sweep(self) -> None:
        """Remove what a kill left half made or half removed."""
        self.store.expire_pending_releases()
        self.store.delete_unused_slugs()
        slugs = {slug.id: slug for slug in self.store.slugs()}
        packages = {slug.packages for slug in slugs.values()}
        apps = [app.id for app in self.store.apps()]
        for folder in (self.places.dynos, self.places.builds):
            _remove_others(folder, set())
        _remove_others(self.places.slugs, set(slugs))
        _remove_others(self.places.packages, packages)
        _remove_others(self.places.repositories, {f"{app_id}.git" for app_id in apps})
        _remove_others(self.places.logs, {self.places.log(app_id).name for app_id in apps})


def _remove_others(folder: Path, kept: set[str]) -> None:
    for entry in folder.iterdir():
        if entry.name not in kept:
            _remove(entry)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()

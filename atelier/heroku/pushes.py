"""A push, from the commit that arrives to the release that is live."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from atelier.heroku.build import Builder, Refused
from atelier.heroku.container import token_prefix
from atelier.heroku.live_app import LiveApp
from atelier.heroku.packages import Packages
from atelier.heroku.platform import Platform
from atelier.heroku.refusals import Refusal
from atelier.heroku.releases import USER
from atelier.heroku.store import Gone

_BRANCH = "refs/heads/main"

Tell = Callable[[str], None]


def build_token(platform: Platform) -> str:
    """Return what marks the processes of the builds of a platform as its own."""
    return f"{token_prefix(platform.id)}build"


class Pushes:
    """Deploys what is pushed."""

    def __init__(self, platform: Platform, builder: Builder | None = None) -> None:
        self._platform = platform
        self._builder = builder or Builder(
            platform.store,
            platform.places,
            Packages(platform.places.packages, build_token(platform)),
        )

    def deploy(
        self, live: LiveApp, updates: Sequence[Sequence[str]], quarantine: Mapping[str, str]
    ) -> Iterator[str]:
        """Yield what the learner is to read, each line after `|`, then `=accepted` or `=refused`.

        It goes on to its end when nobody reads any more.
        """
        told: queue.SimpleQueue[str | None] = queue.SimpleQueue()

        def run() -> None:
            accepted = False
            try:
                accepted = self._deploy(
                    live, updates, quarantine, lambda line: told.put(f"|{line}")
                )
            finally:
                told.put("=accepted" if accepted else "=refused")
                told.put(None)

        threading.Thread(target=run, name=f"build {live.name}", daemon=True).start()
        while (line := told.get()) is not None:
            yield line + "\n"

    def _deploy(
        self,
        live: LiveApp,
        updates: Sequence[Sequence[str]],
        quarantine: Mapping[str, str],
        tell: Tell,
    ) -> bool:
        try:
            commit = _commit(updates)
            with self._platform.building(live):
                live.log.write("app", "api", f"Build started by user {USER}")
                self._build(live, commit, quarantine, tell)
        except Refused as refused:
            for line in ("", *str(refused).splitlines(), "", "Push rejected."):
                tell(f" !     {line}".rstrip())
            live.log.write("app", "api", "Build failed")
            return False
        except Refusal as refusal:
            tell(f" !     {refusal.message}")
            return False
        except Gone:
            tell(" !     The app was destroyed meanwhile, or the local Heroku stopped.")
            return False
        return True

    def _build(self, live: LiveApp, commit: str, quarantine: Mapping[str, str], tell: Tell) -> None:
        platform = self._platform
        tell("-----> Building on the local Heroku")
        repository: Path = platform.places.repository(live.id)
        slug = self._builder.build(live.id, repository, commit, quarantine, tell)
        tell("-----> Launching...")
        with live.lock:
            live.check()
            live.log.write("app", "api", "Build succeeded")
            release = platform.releases.make(live, f"Deploy {commit[:8]}", slug.id)
        live.log.write("app", "api", f"Deploy {commit[:8]} by user {USER}")
        if release.status == "pending":
            tell(" !     Release command declared: this new release will not be available")
            tell("       until the command succeeds.")
        tell(f"       Released v{release.version}")
        tell(f"       {platform.web_url(live.name)} deployed to the local Heroku")
        tell("")
        if release.status == "pending":
            tell("Running release command...")
            tell("")
        succeeded = platform.releases.make_live(live, release, tell)
        if release.status == "pending":
            tell("")
            tell(f"Waiting for release.... {'done' if succeeded else 'failed'}.")
        if not succeeded:
            tell(" !     The release command did not succeed: the release before it stays live.")


def _commit(updates: Sequence[Sequence[str]]) -> str:
    """Return the commit to deploy. Raises Refused."""
    if len(updates) != 1 or len(updates[0]) != 3:
        raise Refused("Push one branch at a time, to main.")
    _old, new, name = updates[0]
    if name != _BRANCH:
        pushed = name.removeprefix("refs/heads/")
        raise Refused(
            f"Only the branch main is deployed; you pushed to {pushed}.\n"
            f"Type: git push heroku {pushed}:main"
        )
    if not new.strip("0"):
        raise Refused("The branch main of an app cannot be deleted.")
    return new

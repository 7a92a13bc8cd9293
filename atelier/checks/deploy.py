"""What a criterion deploys a project with; a platform is loaded when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atelier.checks.deployed import Deployed
    from atelier.harness.world import World

INSTALLED_WITHIN = 240.0  # seconds: the time of a criterion whose packages may be installed first


def deploy(world: World, **config: str) -> Deployed:
    """Push the project of `world` to a Heroku of the check's own, `config` its config vars.

    What is pushed are the project's files as they are now, but for those that git ignores. It
    has one web process. Raises NotYet when the push is refused, ProgramStopped when the release
    process stops, TookTooLong, Skipped where the packages cannot be installed.
    """
    from atelier.checks.deployed import Deployed

    deployed = Deployed(world, {"WEB_CONCURRENCY": "1", **config})
    deployed.install()
    deployed.push()
    return deployed

"""A project pushed, by git, to a Heroku of the check's own: built, released, run in dynos."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from atelier.checks.dyno_program import DynoProgram
from atelier.git import git
from atelier.harness.deadline import Deadline
from atelier.harness.interpreter import Interpreter, own_interpreter
from atelier.harness.process import Process
from atelier.harness.warm import Started, warm_python
from atelier.harness.web import Web
from atelier.harness.worker import Worker, when_ready
from atelier.heroku.api import make_api
from atelier.heroku.build import Builder
from atelier.heroku.container import StartCommand, start_in_shell
from atelier.heroku.dynos import Pace
from atelier.heroku.environment import client_environment
from atelier.heroku.front_door import FrontDoor, make_front_door
from atelier.heroku.packages import NotInstalled, PackageSource, environment_name
from atelier.heroku.places import Places, default_home
from atelier.heroku.platform import Platform
from atelier.heroku.pushes import build_token
from atelier.heroku.pythons import SUPPORTED, BadVersion, find, wanted
from atelier.heroku.router import Router
from atelier.heroku.shared_packages import GivenPackages, SharedPackages, default_shelf
from atelier.i18n import _
from atelier.verdicts import NotYet, OurSide, Skipped

if TYPE_CHECKING:
    from atelier.harness.world import World

APP = "shop"
_PUSH_WITHIN = 60.0
_START_WITHIN = 20.0
_HEARD_WITHIN = 5.0
# What a refusal begins with, in what git shows of it.
_REFUSAL = re.compile(r"^remote:[ \t]+![ \t]*(\S.*?)[ \t]*$", re.MULTILINE)


class Deployed:
    """An app on a Heroku that ends with its world."""

    def __init__(self, world: World, config: dict[str, str]) -> None:
        self._world = world
        # Nobody waits for what a check leaves running.
        pace = Pace(boot=_START_WITHIN, grace=0.0)
        home, start = world.directory / "heroku", _start(world.interpreter)
        self._platform = platform = Platform(home, pace, start)
        world.at_close(platform.stop)
        self._packages = _packages(world, platform)
        builder = Builder(platform.store, platform.places, self._packages, self._python)
        api = make_api(platform, builder)
        self._port = world.lend_port()
        server = make_front_door(FrontDoor(api, Router(platform)), self._port)
        world.at_close(server.server_close)
        world.at_close(server.shutdown)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        platform.start(self._port)
        platform.create_app(APP)
        platform.store.set_config(platform.app(APP).id, config)

    def install(self) -> None:
        """Have the packages of its lock, so that the push is not what waits. Raises Skipped.

        What is wrong with the lock, a push says better.
        """
        try:
            version, _where = wanted(self._world.root)
            python = self._python(version)
            environment_name(self._world.root, python)
        except (BadVersion, NotInstalled, OSError):
            return
        try:
            self._packages.install(self._world.root, python, lambda line: None)
        except NotInstalled as error:
            raise Skipped(
                _(
                    "The packages of Pipfile.lock could not be installed here: {reason}",
                    reason=str(error).strip().splitlines()[-1],
                )
            ) from error

    def push(self) -> None:
        """Push the files. Raises NotYet, ProgramStopped, TookTooLong."""
        world, platform = self._world, self._platform
        environment = {
            **{"PATH": os.environ.get("PATH", os.defpath), "HOME": str(world.home), "LC_ALL": "C"},
            **client_environment(platform.places, self._port, platform.key, {}),
            # Not the user's: a hook or a signature of theirs has no place here.
            **{"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        }
        git(world.root, "init", "--quiet", "--template=", env=environment)
        git(world.root, "add", "--all", env=environment)
        git(world.root, "commit", "--quiet", "--allow-empty", "--message", "push", env=environment)
        remote = f"https://localhost:{self._port}/{APP}.git"
        command = [shutil.which("git") or "git", "push", remote, "HEAD:refs/heads/main"]
        push = Process(world.family, command, cwd=world.root, env=environment)
        code, text = push.wait(Deadline(_PUSH_WITHIN)), push.output.text
        if code != 0:
            said = _REFUSAL.findall(text)
            if not said:
                raise OurSide(_("The local Heroku of this check did not answer."), seen=text[-800:])
            raise NotYet(
                _("Expected: Heroku accepts what is pushed, and builds it."),
                seen="\n".join(said),
                look=_("What does the refusal ask for?"),
            )
        release = platform.store.releases(platform.app(APP).id)[-1]
        if release.status == "failed":
            program = self._program("release")
            program.wait(Deadline(_HEARD_WITHIN))
            raise world.stopped("release", program)

    def web(self) -> Web:
        """Wait until its web process answers. Raises ProgramStopped, TookTooLong."""
        program = self._program("web")
        if program.wait_for_state("up", Deadline(_START_WITHIN)):
            return Web(self._world, program, self._port, f"{APP}.localhost:{self._port}")
        raise self._world.stopped("web", program)

    def scale(self, kind: str, quantity: int) -> None:
        """Have so many dynos of one process type, as `heroku ps:scale` does. Raises NotYet."""
        platform = self._platform
        live = platform.live(APP)
        types = self._world.source.procfile()
        if kind not in types:
            raise NotYet(
                _("The Procfile has no line for {name}.", name=kind),
                seen=", ".join(types) or _("No line of the form name: command."),
                look=_("Is the line there, with a colon after the name? Is the file saved?"),
            )
        with live.lock:
            platform.store.scale(live.id, {kind: quantity})
            platform.releases.apply(live)

    def worker(self) -> Worker:
        """Scale the worker to one, and wait until it is ready.

        Raises NotYet, ProgramStopped, TookTooLong.
        """
        self.scale("worker", 1)
        url = self._platform.store.config(self._platform.app(APP).id)["REDIS_URL"]
        look = _("Which Celery app does the worker line name after -A?")
        program, deadline = self._program("worker"), Deadline(_START_WITHIN)
        return when_ready(self._world, program, "worker", deadline, url=url, look=look)

    def _program(self, kind: str) -> DynoProgram:
        program = DynoProgram(self._platform, APP, kind, self._world.root)
        self._world.at_close(program.close)
        return program

    def _python(self, version: str) -> Path:
        """Return the Python of a version; the project's own where this machine has no other.

        Heroku has it, so it is no reason to refuse. Raises BadVersion.
        """
        try:
            return find(version)
        except BadVersion:
            if version not in SUPPORTED:
                raise
            return Path(self._world.interpreter.python).resolve()


def _start(interpreter: Interpreter) -> StartCommand:
    """How dynos start their commands; by a shell, as on any platform, for all of a learner's."""
    if not interpreter.warm:
        return start_in_shell
    warm = warm_python(interpreter.bin_directory)

    def start(command: str, *, cwd: Path, env: Mapping[str, str], output: int) -> Started:
        forked = warm.start(["/bin/sh", "-c", command], cwd=cwd, env=env, output=output)
        return forked or start_in_shell(command, cwd=cwd, env=env, output=output)

    return start


def _packages(world: World, platform: Platform) -> PackageSource:
    folder = platform.places.packages
    binaries = world.interpreter.bin_directory
    if binaries == own_interpreter().bin_directory:
        return GivenPackages(folder, binaries.parent)
    others = [Places(default_home()).packages]
    return SharedPackages(folder, default_shelf(), others, build_token(platform))

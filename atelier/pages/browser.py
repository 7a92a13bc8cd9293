"""Opens a page in the browser of whoever sits before this machine."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Mapping

_REMOTE = ("SSH_CONNECTION", "SSH_TTY")  # the browser is on another machine
_SCREEN = ("DISPLAY", "WAYLAND_DISPLAY")


def opener(environment: Mapping[str, str], system: str = sys.platform) -> str | None:
    """Return the command that opens an address in a browser, None where there is no screen.

    `system` is as `sys.platform`. In WSL it is `wslview`, where wslu is installed.
    """
    if any(environment.get(name) for name in _REMOTE):
        return None
    path = environment.get("PATH")
    if system == "darwin":
        return shutil.which("open", path=path)
    if "WSL_DISTRO_NAME" in environment:
        return shutil.which("wslview", path=path)
    has_screen = any(environment.get(name) for name in _SCREEN)
    return shutil.which("xdg-open", path=path) if has_screen else None


def open_page(address: str, environment: Mapping[str, str]) -> None:
    """Open `address` where there is a screen; say nothing where there is none."""
    command = opener(environment)
    if command is None:
        return
    with contextlib.suppress(OSError):
        # It is the user's from then on: Ctrl-C here does not close it.
        subprocess.Popen(
            [command, address],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

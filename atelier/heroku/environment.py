"""What points `heroku` and `git` at the platform, all of it by environment."""

from __future__ import annotations

import base64
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from atelier.heroku.places import Places

_HERE = ("localhost", ".localhost", "127.0.0.1")


def client_environment(
    places: Places, port: int, key: str, current: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables to set in a terminal whose variables are `current`.

    The user's own git settings go on to count: ours are added to those of the environment,
    and a file of ours, which includes theirs, takes what `heroku` writes.
    """
    _write_gitconfig(places.gitconfig, current)
    url = f"http://localhost:{port}"
    token = base64.b64encode(f":{key}".encode()).decode()
    settings = {
        # Not insteadOf: `heroku` finds the app by the https address of the remote.
        f"url.{url}/.pushInsteadOf": f"https://localhost:{port}/",
        f"http.{url}/.extraHeader": f"Authorization: Basic {token}",
    }
    return {
        "HEROKU_HOST": url,
        "HEROKU_API_KEY": key,
        "HEROKU_PARTICLEBOARD_URL": url,
        "HEROKU_DISABLE_AUTOUPDATE": "1",
        "HEROKU_SKIP_NEW_VERSION_CHECK": "1",
        "DISABLE_TELEMETRY": "true",
        "GIT_CONFIG_GLOBAL": str(places.gitconfig),
        **_around_proxies(current),
        **_git_settings(settings, current),
    }


def _around_proxies(current: Mapping[str, str]) -> dict[str, str]:
    """Return what keeps `heroku`, git and curl from asking a proxy for what is on this machine.

    Set even where there is no proxy: one that is set later in the same terminal counts too.
    Both spellings have one value, as some programs read the one and some the other.
    """
    spellings = ("NO_PROXY", "no_proxy")
    theirs = ",".join(current.get(name, "") for name in spellings).split(",")
    names = dict.fromkeys(filter(None, (*map(str.strip, theirs), *_HERE)))
    # A star means every host only where it stands alone.
    return dict.fromkeys(spellings, "*" if "*" in names else ",".join(names))


def as_shell(environment: Mapping[str, str]) -> str:
    """Return the lines that a shell evaluates: bash, zsh, sh, and fish."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())


def _git_settings(settings: Mapping[str, str], current: Mapping[str, str]) -> dict[str, str]:
    """Return the settings as git reads them from its environment, after those already there."""
    count = current.get("GIT_CONFIG_COUNT", "0")
    number = int(count) if count.isdecimal() else 0
    kept = [
        (current.get(f"GIT_CONFIG_KEY_{at}", ""), current.get(f"GIT_CONFIG_VALUE_{at}", ""))
        for at in range(number)
    ]
    # A second `eval` in one terminal replaces what the first one set.
    pairs = [pair for pair in kept if pair[0] and not _is_ours(pair[0])] + list(settings.items())
    written = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for at, (key, value) in enumerate(pairs):
        written |= {f"GIT_CONFIG_KEY_{at}": key, f"GIT_CONFIG_VALUE_{at}": value}
    return written


def _is_ours(key: str) -> bool:
    return key.startswith(("url.http://localhost:", "http.http://localhost:"))


def _write_gitconfig(file: Path, current: Mapping[str, str]) -> None:
    """Make the file that takes what is written to git's settings; what was written stays."""
    if file.exists():
        return
    theirs = [current["GIT_CONFIG_GLOBAL"]] if current.get("GIT_CONFIG_GLOBAL") else _defaults()
    lines = [f"[include]\n\tpath = {_quoted(path)}\n" for path in theirs]
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text("".join(lines), "utf-8")


def _defaults() -> list[str]:
    configured = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return [str(Path(configured) / "git" / "config"), str(Path.home() / ".gitconfig")]


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

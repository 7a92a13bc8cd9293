"""A scratch home: the folders and the environment of a run, and nothing of the machine's own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from atelier.harness.interpreter import pipenv_command

_IDENTITY = """\
[user]
	name = Ada Careful
	email = ada@example.org
[init]
	defaultBranch = main
"""
# How this machine reaches its network: a proxy, a mirror, certificates.
_NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"),
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_TRUSTED_HOST", "PIP_CERT"),
    *("PIP_CONFIG_FILE", "PIP_DEFAULT_TIMEOUT", "PIPENV_PYPI_MIRROR"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)


class Home:
    """The folders of one run below `root`, and the environment of its terminals."""

    def __init__(self, root: Path, network: Mapping[str, str] | None = None) -> None:
        """Make the folders; `network` are variables by which its programs reach outside."""
        self.root = root
        self.folder = root / "home"
        self.data = root / "data"
        binaries = root / "bin"
        for folder in (self.folder, self.data, binaries, root / "tmp"):
            folder.mkdir(parents=True)
        (self.folder / ".gitconfig").write_text(_IDENTITY, "utf-8")
        pipenv = pipenv_command()
        if pipenv is not None:
            (binaries / "pipenv").symlink_to(Path(pipenv).absolute())
        self.environment = {
            "HOME": str(self.folder),
            "PATH": os.pathsep.join([str(binaries), *_path()]),
            "LANG": "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8",
            "TERM": "dumb",
            "TMPDIR": str(root / "tmp"),
            "USER": "ada",
            "PAGER": "cat",
            "GIT_PAGER": "cat",
            "GIT_CONFIG_NOSYSTEM": "1",
            "XDG_DATA_HOME": str(self.data),
            "XDG_CONFIG_HOME": str(root / "config"),
            "XDG_CACHE_HOME": str(root / "cache"),
            "XDG_STATE_HOME": str(root / "state"),
            "PIPENV_VENV_IN_PROJECT": "1",
            "PIPENV_NOSPIN": "1",
            "PIPENV_CACHE_DIR": str(root / "cache" / "pipenv"),
            "PIP_CACHE_DIR": str(root / "cache" / "pip"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PYTHON_BASIC_REPL": "1",
            "NO_PROXY": "localhost,127.0.0.1",
            "no_proxy": "localhost,127.0.0.1",
            **_network(),
            **(network or {}),
            **({"ATELIER_PIPENV": pipenv} if pipenv else {}),
        }


def _path() -> list[str]:
    """PATH without this program's own virtual environment, which `pipenv run` puts first."""
    own = {Path(sys.prefix, "bin"), Path(sys.executable).parent}
    if sys.prefix == sys.base_prefix:
        own = set()
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return [entry for entry in entries if entry and Path(entry) not in own]


def _network() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _NETWORK if os.environ.get(name)}
    settings = Path.home() / ".config" / "pip" / "pip.conf"
    if settings.is_file():
        kept.setdefault("PIP_CONFIG_FILE", str(settings))
    return kept

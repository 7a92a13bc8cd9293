"""The environment of a dyno: what the platform gives, then the config vars, and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


def dyno_environment(packages: Path, config: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a slug whose packages stand in `packages`.

    The defaults are those of Heroku's Python buildpack: a config var may change them.
    """
    given = {
        "PATH": os.pathsep.join((str(packages / ".venv" / "bin"), _SYSTEM_PATH)),
        "LANG": "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8",
        "PYTHONUNBUFFERED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",  # the packages are shared by all dynos
        "FORWARDED_ALLOW_IPS": "*",
        "GUNICORN_CMD_ARGS": "--access-logfile -",
        "WEB_CONCURRENCY": "2",
    }
    return {**given, **config}

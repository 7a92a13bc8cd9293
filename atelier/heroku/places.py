"""Where the platform keeps what is its own, all in one folder."""

from __future__ import annotations

from pathlib import Path

from atelier.paths import data_directory


def default_home() -> Path:
    """Return the folder of the platform of this user (it may not exist yet)."""
    return data_directory() / "heroku"


class Places:
    """The folders and files in the platform's home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.database = home / "platform.sqlite"
        self.lock = home / "lock"
        self.gitconfig = home / "gitconfig"
        self.repositories = home / "repositories"
        self.slugs = home / "slugs"
        self.packages = home / "packages"
        self.dynos = home / "dynos"
        self.builds = home / "builds"
        self.addons = home / "addons"
        self.logs = home / "logs"

    def make(self) -> None:
        """Make the folders that are missing; only their owner may look inside."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        folders = (self.repositories, self.slugs, self.packages, self.dynos, self.builds)
        for folder in (*folders, self.addons, self.logs):
            folder.mkdir(exist_ok=True)

    def repository(self, app_id: str) -> Path:
        """Return the bare git repository of an app."""
        return self.repositories / f"{app_id}.git"

    def log(self, app_id: str) -> Path:
        """Return the last lines of the log of an app."""
        return self.logs / f"{app_id}.jsonl"

    def slug(self, slug_id: str) -> Path:
        """Return the files of a slug."""
        return self.slugs / slug_id

    def entries(self) -> list[Path]:
        """Return what is in the home, and ours: a folder that held other things keeps them."""
        folders = (self.repositories, self.slugs, self.packages, self.dynos, self.builds)
        files = [self.database, self.lock, self.gitconfig]
        files += [self.home / f"{self.database.name}-{end}" for end in ("wal", "shm")]
        return [entry for entry in (*folders, self.addons, self.logs, *files) if entry.exists()]

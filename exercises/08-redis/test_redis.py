"""Step 08: the address of Redis is a setting, in the environment and not in the code."""

from atelier.checks import _, criterion, expect

READ_CONFIG = """
from config import Config
names = ["CELERY_BROKER_URL", "CELERY_RESULT_BACKEND"]
tell({name: getattr(Config, name, None) for name in names})
"""


def read_config(worlds):
    """What config.py gives, while REDIS_URL is the address of the check's own Redis."""
    world = worlds.shared()
    return world.redis_server.url, world.python(READ_CONFIG)


def expect_follows(worlds, name):
    wanted, config = worlds.once(read_config)
    seen = config[name]
    expect(
        seen == wanted,
        _("Expected: Config.{name} is the value of REDIS_URL.", name=name),
        seen=_(
            "REDIS_URL is {wanted}, Config.{name} is {seen}", wanted=wanted, name=name, seen=seen
        ),
        look=_("Does config.py read REDIS_URL from os.environ?"),
    )


@criterion(_(".env gives REDIS_URL"), file=".env")
def test_dotenv_gives_redis_url(project):
    expect(
        project.has(".env"),
        _("Expected: a file .env in the project's folder."),
        seen=_("There is none."),
        look=_("Have you copied .env.sample to .env?"),
    )
    value = project.dotenv.get("REDIS_URL", "")
    expect(
        value.startswith(("redis://", "rediss://")),
        _("Expected: a line REDIS_URL=redis://localhost:6379 in .env."),
        seen=f"REDIS_URL={value}" if value else _("REDIS_URL is not in .env."),
        look=_("Does the address begin with redis://?")
        if value
        else _("Is the name spelt exactly like this? Is the file saved?"),
    )


@criterion(_(".env.sample names REDIS_URL"), file=".env.sample")
def test_sample_names_redis_url(project):
    lines = [line.split("=")[0].strip() for line in project.text(".env.sample").splitlines()]
    expect(
        "REDIS_URL" in lines,
        _("Expected: .env.sample names REDIS_URL, for those who clone the project."),
        seen=lines,
        look=_("Does .env.sample have the same lines as .env?"),
    )


@criterion(_(".env is not in git"), file=".gitignore")
def test_dotenv_is_not_in_git(project):
    expect(
        not project.tracked_by_git(".env"),
        _("Expected: git does not keep .env: one day it holds passwords."),
        seen=_("git ls-files lists .env."),
        look=_("Have you tried: git rm --cached .env, then a commit?"),
    )


@criterion(
    _("Celery and its Redis client are installed, and the Pipfile names them"), file="Pipfile"
)
def test_celery_is_installed(project):
    packages = project.pipfile().get("packages", {})
    celery = packages.get("celery")
    extras = celery.get("extras", []) if isinstance(celery, dict) else []
    expect(
        "redis" in extras or (celery is not None and "redis" in packages),
        _("Expected: celery with its extra redis under [packages] in the Pipfile."),
        seen=f"celery = {celery!r}" if celery is not None else _("celery is not there."),
        look=_('In the project\'s folder, have you run: pipenv install "celery[redis]"?'),
    )
    missing = [name for name in ("celery", "redis") if not project.interpreter.has(name)]
    expect(
        not missing,
        _("Expected: the packages celery and redis in the project's environment."),
        seen=_("Not there: {names}", names=", ".join(missing)),
        look=_("In the project's folder, have you run: pipenv install?"),
    )


@criterion(_("CELERY_BROKER_URL follows REDIS_URL"), file="config.py", until="late-broker")
def test_broker_follows_redis_url(worlds):
    expect_follows(worlds, "CELERY_BROKER_URL")


@criterion(_("CELERY_RESULT_BACKEND follows REDIS_URL"), file="config.py", until="late-broker")
def test_backend_follows_redis_url(worlds):
    expect_follows(worlds, "CELERY_RESULT_BACKEND")

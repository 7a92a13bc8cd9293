"""Step 01: a project that answers, and its first setting."""

from atelier.checks import _, criterion, expect, expect_packages, expect_status, start_web

TAKEN_ON_MACOS = "5000"


@criterion(_("Flask and python-dotenv are installed, and the Pipfile names them"), file="Pipfile")
def test_flask_is_installed(project):
    expect_packages(project, {"flask": "flask", "python-dotenv": "dotenv"})


def start(worlds):
    return start_web(worlds.shared())


@criterion(_("GET / greets"), file="wsgi.py")
def test_greets(project, worlds):
    project.text("wsgi.py")
    web = worlds.once(start)
    response = web.get("/")
    expect_status(response, 200, "GET /", web)
    expect(
        response.text.strip(),
        _("Expected: the answer holds a greeting."),
        seen=_("The answer is empty."),
        look=_("What does the function of the route return?"),
    )


@criterion(_(".env gives the port"), file=".env")
def test_dotenv_gives_the_port(project):
    expect(
        project.has(".env"),
        _("Expected: a file .env in the project's folder."),
        seen=_("There is none."),
        look=_("Is the file called .env, with the dot, and is it saved?"),
    )
    port = project.dotenv.get("FLASK_RUN_PORT", "")
    expect(
        port.isdecimal() and port != TAKEN_ON_MACOS,
        _("Expected: a line FLASK_RUN_PORT=8000 in .env."),
        seen=f"FLASK_RUN_PORT={port}" if port else _("FLASK_RUN_PORT is not in .env."),
        look=_("Is the value a port that is free, 8000 for example?")
        if port
        else _("Is the name spelt exactly like this? Is the file saved?"),
    )


@criterion(_(".env.sample names FLASK_RUN_PORT"), file=".env.sample")
def test_sample_names_the_port(project):
    lines = [line.split("=")[0].strip() for line in project.text(".env.sample").splitlines()]
    expect(
        "FLASK_RUN_PORT" in lines,
        _("Expected: .env.sample names FLASK_RUN_PORT, for those who clone the project."),
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

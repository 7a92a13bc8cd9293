"""The API of the local Heroku: its answers fit the official schema, its refusals say why."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.heroku.official_schema import assert_fits
from tests.heroku.platform_kit import SERVE, Desk, running

TYPES = {"web": SERVE, "worker": "exec sleep 1000"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A platform in a folder with a space and an accent."""
    with running(tmp_path / "ho mé") as desk:
        yield desk


def assert_refused(answer: Any, status: int, name: str, *words: str) -> None:
    assert answer.status_code == status, answer.text
    assert set(answer.json) == {"id", "message"}
    assert answer.json["id"] == name
    for word in words:
        assert word in answer.json["message"]


def test_account_fits(desk: Desk) -> None:
    assert_fits("account", desk.get("/account"))


def test_app_fits(desk: Desk) -> None:
    made = desk.create()
    assert_fits("app", made)
    assert made["name"] == "shop-one"
    assert desk.get("/apps/shop-one") == made == desk.get(f"/apps/{made['id']}")
    assert desk.get("/apps") == desk.get("/users/~/apps") == [made]


def test_app_without_a_name_is_given_one(desk: Desk) -> None:
    answer = desk.ask("POST", "/apps", {})
    assert_fits("app", answer.json)


def test_collaborators_fit(desk: Desk) -> None:
    desk.create()
    [one] = desk.get("/apps/shop-one/collaborators")
    assert_fits("collaborator", one)


def test_destroyed_app_is_gone_with_its_files(desk: Desk) -> None:
    desk.create()
    desk.deploy("shop-one", TYPES)
    answer = desk.ask("DELETE", "/apps/shop-one")
    assert_fits("app", answer.json)
    assert_refused(desk.ask("GET", "/apps/shop-one"), 404, "not_found")
    places = desk.platform.places
    for folder in (places.slugs, places.dynos, places.repositories):
        assert not list(folder.iterdir())
    desk.create()  # the name is free again


@pytest.mark.parametrize("key", ["", "Bearer wrong", "Basic OndyYW5n", "Basic !", "Bearer é"])
def test_without_the_key_is_401(desk: Desk, key: str) -> None:
    answer = desk.ask("GET", "/apps", Authorization=key.encode().decode("latin-1"))
    assert_refused(answer, 401, "unauthorized", "Invalid credentials provided.")


@pytest.mark.parametrize(
    "name", ["ab", "Shop", "1shop", "shop-", "shop_one", "s" * 31, "shop one", "é" * 5, "shop\n"]
)
def test_names_that_heroku_refuses(desk: Desk, name: str) -> None:
    assert_refused(desk.ask("POST", "/apps", {"name": name}), 422, "invalid_params", "Name must")


def test_two_apps_of_one_name(desk: Desk) -> None:
    desk.create()
    answer = desk.ask("POST", "/apps", {"name": "shop-one"})
    assert_refused(answer, 422, "invalid_params", "shop-one is already taken")


def test_what_is_not_offered_says_so(desk: Desk) -> None:
    desk.create()
    assert_refused(desk.ask("GET", "/nothing"), 404, "not_found", "does not offer", "/nothing")
    assert_refused(desk.ask("POST", "/apps/shop-one/dynos", {}), 501, "not_implemented", "run")
    assert_refused(desk.ask("PATCH", "/apps/shop-one", {"name": "x"}), 501, "not_implemented")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/apps/unknown"),
        ("DELETE", "/apps/unknown"),
        ("GET", "/apps/unknown/config-vars"),
        ("PATCH", "/apps/unknown/config-vars"),
        ("GET", "/apps/unknown/dynos"),
        ("DELETE", "/apps/unknown/dynos"),
        ("GET", "/apps/unknown/formation"),
        ("PATCH", "/apps/unknown/formation"),
        ("GET", "/apps/unknown/releases"),
        ("POST", "/apps/unknown/log-sessions"),
        ("POST", "/apps/unknown/addons"),
        ("GET", "/unknown.git/info/refs"),
    ],
)
def test_unknown_app(desk: Desk, method: str, path: str) -> None:
    json: Any = {"updates": []} if method == "PATCH" else None
    assert_refused(desk.ask(method, path, json), 404, "not_found", "Couldn't find that app")


def test_bodies_that_are_no_object(desk: Desk) -> None:
    desk.create()
    for path in ("/apps", "/apps/shop-one/log-sessions"):
        assert_refused(desk.ask("POST", path, [1]), 400, "bad_request")


@pytest.mark.parametrize("body", [{}, {"plan": 1}, {"plan": {"name": None}}, {"plan": ["x"]}])
def test_addons_without_a_plan(desk: Desk, body: object) -> None:
    desk.create()
    assert_refused(desk.ask("POST", "/apps/shop-one/addons", body), 422, "invalid_params")


def test_unknown_plans_and_addons(desk: Desk) -> None:
    desk.create()
    answer = desk.ask("POST", "/apps/shop-one/addons", {"plan": {"name": "heroku-redis:huge"}})
    assert_refused(answer, 404, "not_found", "heroku-redis:huge")
    assert_refused(desk.ask("DELETE", "/apps/shop-one/addons/none"), 404, "not_found")


def test_addon_fits(desk: Desk) -> None:
    desk.create()
    desk.ask("PATCH", "/apps/shop-one/config-vars", {"REDIS_URL": "redis://by-hand"})
    mini = {"plan": {"name": "heroku-redis:mini"}}
    answer = desk.ask("POST", "/apps/shop-one/addons", mini)
    assert answer.status_code == 201, answer.text
    assert_fits("add-on", answer.json)
    [attachment] = desk.get("/apps/shop-one/addon-attachments")
    assert_fits("add-on-attachment", attachment)
    [plan] = desk.get("/addon-services/heroku-redis/plans")
    assert_fits("plan", plan)
    assert desk.get("/apps/shop-one/config-vars")["REDIS_URL"].startswith("rediss://")
    overwrite = desk.ask("PATCH", "/apps/shop-one/config-vars", {"REDIS_URL": "x"})
    assert_refused(overwrite, 422, "invalid_params", "REDIS_URL")
    second = desk.ask("POST", "/apps/shop-one/addons", mini).json
    assert re.fullmatch(r"HEROKU_REDIS_[A-Z]+_URL", *second["config_vars"])
    desk.ask("DELETE", f"/apps/shop-one/addons/{second['name']}")
    gone = desk.ask("DELETE", f"/apps/shop-one/addons/{answer.json['name']}")
    assert_fits("add-on", gone.json)
    assert desk.get("/apps/shop-one/config-vars") == {}


# Config vars


def test_config_vars(desk: Desk) -> None:
    desk.create()
    value = "quotes \" ' and\nnewlines, é, $HOME `id`"
    answer = desk.ask("PATCH", "/apps/shop-one/config-vars", {"A": value, "B": "2"})
    assert answer.json == {"A": value, "B": "2"}
    desk.ask("PATCH", "/apps/shop-one/config-vars", {"B": None})
    assert desk.get("/apps/shop-one/config-vars") == {"A": value}
    releases = desk.get("/apps/shop-one/releases")
    assert [r["description"] for r in releases[-2:]] == [
        "Set A, B config vars",
        "Unset B config vars",
    ]
    assert desk.get("/apps/shop-one/releases/3/config-vars") == {"A": value, "B": "2"}
    assert releases[-1]["current"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("A", "nul \0"),
        ("A", "\ud800"),
        ("A", ["list"]),
        ("", "x"),
        ("A=B", "x"),
        ("A B", "x"),
        ("1A", "x"),
        ("A\n", "x"),
        ("A", "x" * 70_000),
    ],
)
def test_config_vars_that_no_environment_can_hold(desk: Desk, name: str, value: object) -> None:
    desk.create()
    answer = desk.ask("PATCH", "/apps/shop-one/config-vars", {name: value})
    assert_refused(answer, 422, "invalid_params")
    assert desk.get("/apps/shop-one/config-vars") == {}
    assert len(desk.get("/apps/shop-one/releases")) == 2


def test_config_var_reaches_the_dyno_as_it_is(desk: Desk) -> None:
    desk.create()
    value = "a \"b\" 'c' $HOME `id`\\"
    desk.ask("PATCH", "/apps/shop-one/config-vars", {"A": value})
    desk.deploy("shop-one", {"worker": "printenv A; exec sleep 1000"})
    desk.ask("PATCH", "/apps/shop-one/formation", {"updates": [{"type": "worker", "quantity": 1}]})
    assert desk.wait_for_print("shop-one", "`id`\\").text == value


# Formation and dynos


def test_first_deploy_starts_web_only(desk: Desk) -> None:
    desk.create()
    desk.deploy("shop-one", TYPES)
    desk.wait_for_line("shop-one", "State changed from starting to up")
    [dyno] = desk.get("/apps/shop-one/dynos")
    assert_fits("dyno", dyno)
    assert (dyno["name"], dyno["state"]) == ("web.1", "up")
    web, worker = desk.get("/apps/shop-one/formation")
    assert_fits("formation", web)
    assert_fits("formation", worker)
    assert (web["quantity"], worker["quantity"]) == (1, 0)
    assert_fits("app", desk.get("/apps/shop-one"))


def test_scaling(desk: Desk) -> None:
    desk.create()
    desk.deploy("shop-one", TYPES)
    answer = desk.ask(
        *("PATCH", "/apps/shop-one/formation"),
        {"updates": [{"type": "worker", "quantity": "2"}, {"type": "web", "quantity": "0"}]},
    )
    assert {each["type"]: each["quantity"] for each in answer.json} == {"web": 0, "worker": 2}
    assert [d["name"] for d in desk.get("/apps/shop-one/dynos")] == ["worker.1", "worker.2"]


@pytest.mark.parametrize("quantity", ["-1", -1, "many", "1.5", 1.5, True, "1e3", "٣", [1], "11"])
def test_quantities_that_cannot_be(desk: Desk, quantity: object) -> None:
    desk.create()
    desk.deploy("shop-one", {"worker": "exec sleep 1000"})
    updates = [{"type": "worker", "quantity": quantity}]
    answer = desk.ask("PATCH", "/apps/shop-one/formation", {"updates": updates})
    assert_refused(answer, 422, "invalid_params")
    assert desk.get("/apps/shop-one/dynos") == []


def test_huge_quantity(desk: Desk) -> None:
    desk.create()
    desk.deploy("shop-one", {"worker": "exec sleep 1000"})
    updates = [{"type": "worker", "quantity": "9" * 5000}]
    answer = desk.ask("PATCH", "/apps/shop-one/formation", {"updates": updates})
    assert_refused(answer, 422, "invalid_params", "more than 10")


def test_unknown_process_type(desk: Desk) -> None:
    desk.create()
    updates = [{"type": "web", "quantity": 1}]
    answer = desk.ask("PATCH", "/apps/shop-one/formation", {"updates": updates})
    assert_refused(answer, 404, "not_found", "Couldn't find that process type (web).")
    answer = desk.ask("DELETE", "/apps/shop-one/dynos/web.1")
    assert_refused(answer, 404, "not_found")


def test_restart_makes_new_dynos(desk: Desk) -> None:
    desk.create()
    desk.deploy("shop-one", TYPES)
    [before] = desk.get("/apps/shop-one/dynos")
    assert desk.ask("DELETE", "/apps/shop-one/dynos").status_code == 202
    [after] = desk.get("/apps/shop-one/dynos")
    assert before["id"] != after["id"]


# Releases


def test_releases_and_rollback(desk: Desk) -> None:
    desk.create()
    desk.deploy("shop-one", {"web": SERVE})
    desk.deploy("shop-one", {"web": SERVE, "worker": "exec sleep 1000"})
    releases = desk.get("/apps/shop-one/releases")
    for release in releases:
        assert_fits("release", release)
    assert [r["version"] for r in releases] == [1, 2, 3, 4]
    assert [r["current"] for r in releases] == [False, False, False, True]
    answer = desk.ask("POST", "/apps/shop-one/releases", {"release": releases[2]["id"]})
    assert answer.status_code == 201
    assert_fits("release", answer.json)
    assert answer.json["description"] == "Rollback to v3"
    assert [f["type"] for f in desk.get("/apps/shop-one/formation")] == ["web"]
    slug = desk.get(f"/apps/shop-one/slugs/{answer.json['slug']['id']}")
    assert_fits("slug", slug)


@pytest.mark.parametrize(("name", "status"), [("v1", 422), ("v99", 404), ("x", 404), ("", 404)])
def test_rollback_to_what_cannot_be(desk: Desk, name: str, status: int) -> None:
    desk.create()
    answer = desk.ask("POST", "/apps/shop-one/releases", {"release": name})
    assert_refused(answer, status, "invalid_params" if status == 422 else "not_found")


def test_release_phase_that_does_not_succeed_leaves_the_old_release(desk: Desk) -> None:
    desk.create()
    desk.deploy("shop-one", {"worker": "exec sleep 1000"})
    assert not desk.deploy("shop-one", {"worker": "true", "release": "echo oh; exit 3"})
    releases = desk.get("/apps/shop-one/releases")
    assert [r["status"] for r in releases[-2:]] == ["succeeded", "failed"]
    assert releases[-2]["current"]
    desk.wait_for_line("shop-one", "Process exited with status 3")


def test_latest_releases_first_where_the_range_asks(desk: Desk) -> None:
    desk.create()
    answer = desk.ask("GET", "/apps/shop-one/releases", Range="version ..; order=desc,max=1")
    assert [r["version"] for r in answer.json] == [2]


# Logs


def test_log_session_fits_and_streams(desk: Desk) -> None:
    desk.create()
    answer = desk.ask("POST", "/apps/shop-one/log-sessions", {"lines": 1, "tail": False})
    assert answer.status_code == 201
    assert_fits("log-session", answer.json)
    path = answer.json["logplex_url"].partition("4999")[2]
    text = desk.ask("GET", path, Authorization="").text
    assert "app[api]: Enable Logplex" in text
    assert "Initial release" not in text
    assert_refused(desk.ask("GET", "/log-streams/none", Authorization=""), 404, "not_found")


@pytest.mark.parametrize("lines", [-1, "x", 1.5, True])
def test_log_sessions_that_cannot_be(desk: Desk, lines: object) -> None:
    desk.create()
    answer = desk.ask("POST", "/apps/shop-one/log-sessions", {"lines": lines})
    assert_refused(answer, 422, "invalid_params")


# Several at once


def test_scale_and_destroy_at_once(desk: Desk) -> None:
    desk.create()
    desk.deploy("shop-one", TYPES)
    statuses: list[int] = []

    def ask(method: str, path: str, json: object) -> None:
        statuses.append(desk.ask(method, path, json).status_code)

    scale = {"updates": [{"type": "worker", "quantity": 2}]}
    requests: list[Any] = [("PATCH", "/apps/shop-one/formation", scale)] * 4
    requests += [("DELETE", "/apps/shop-one", {})] * 2
    threads = [threading.Thread(target=ask, args=request) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 404}
    assert desk.get("/apps") == []
    assert not list(desk.platform.places.dynos.iterdir())

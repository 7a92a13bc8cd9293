"""A learner's web server, and requests to it with total deadlines and bounded bodies."""

from __future__ import annotations

import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atelier.harness.deadline import Deadline
from atelier.harness.once import Once
from atelier.i18n import _
from atelier.verdicts import ProgramStopped, TookTooLong

if TYPE_CHECKING:
    import httpx

    from atelier.harness.process import Program
    from atelier.harness.world import World

PRODUCTS = "/api/v1/products"
_RUNNING = r"Running on http://\S+:{port}\b"
_START_WITHIN = 40.0  # seconds
_ANSWER_WITHIN = 30.0
_PRINTS_WITHIN = 1.0  # after the answer; where nothing is printed, all of it is waited
_LARGEST_BODY = 1024 * 1024
_TRIES = 3


@dataclass(frozen=True)
class Response:
    """What came back: the status, the body, the time it took in seconds, the header Location."""

    status: int
    content_type: str
    body: bytes
    seconds: float
    location: str | None = None

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body read as JSON, None when it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Web:
    """A running web server; behind a router, it is the one for `host`."""

    def __init__(self, world: World, process: Program, port: int, host: str | None = None) -> None:
        self._world = world
        self._process = process
        self.port = port
        self._headers = {} if host is None else {"Host": host}
        self._client: Once[httpx.Client] = Once()
        self.products: list[dict[str, Any]] = []

    @property
    def log(self) -> str:
        """What it printed so far."""
        return self._process.output.text

    def get(self, path: str, seconds: float = _ANSWER_WITHIN) -> Response:
        """Ask for `path`. Raises TookTooLong, ProgramStopped."""
        return self.request("GET", path, seconds=seconds)

    def request(
        self,
        method: str,
        path: str,
        *,
        data: Any = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        seconds: float = _ANSWER_WITHIN,
    ) -> Response:
        """Send a request, with `data` as its JSON body or `body` as it is.

        `seconds` bounds the whole exchange. Raises TookTooLong, ProgramStopped.
        """
        import httpx

        if data is not None:
            body = json.dumps(data).encode()
        headers = {"Content-Type": content_type} if body is not None else {}
        headers |= self._headers
        client = self._client.get(_make_client)
        deadline = Deadline(seconds)
        began = time.monotonic()
        received = bytearray()
        try:
            with client.stream(
                method, self._url(path), content=body, headers=headers, timeout=seconds
            ) as response:
                for chunk in response.iter_raw():
                    received += chunk
                    if deadline.over:
                        raise self._too_long(method, path, seconds)
                    if len(received) > _LARGEST_BODY:
                        break
        except httpx.TimeoutException:
            raise self._too_long(method, path, seconds) from None
        except httpx.TransportError as error:
            if self._process.exit_code is not None:
                raise self._world.stopped("flask run", self._process) from None
            raise ProgramStopped(
                _("{method} {path} got no answer.", method=method, path=path),
                seen=f"{type(error).__name__}: {error}",
            ) from None
        return Response(
            response.status_code,
            response.headers.get("Content-Type", ""),
            bytes(received),
            time.monotonic() - began,
            response.headers.get("Location"),
        )

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def _too_long(self, method: str, path: str, seconds: float) -> TookTooLong:
        return TookTooLong(
            _(
                "{method} {path} did not answer within {seconds:.0f} seconds.",
                method=method,
                path=path,
                seconds=seconds,
            ),
            look=_("Which line of the route waits?"),
        )

    def last_traceback(self) -> str | None:
        """Return the last traceback in its log, in the learner's files, or None.

        An answer may be here before what was printed about it was read: it is waited for.
        """
        from atelier.harness.crash import last_traceback, without_colours

        return self._process.output.wait_for(
            lambda text: last_traceback(without_colours(text), self._world.root),
            Deadline(_PRINTS_WITHIN),
        )

    def wait_for_log(self, text: str, times: int, start: int) -> str:
        """Return its log from character `start`, once `text` stands there so many times.

        An answer may be here before what was printed about it was read: it is waited for.
        """
        self._process.output.wait_for(
            lambda log: True if log.count(text, start) >= times else None, Deadline(_PRINTS_WITHIN)
        )
        return self.log[start:]

    def stop(self) -> None:
        """End it at once."""
        self._process.kill()


def _make_client() -> httpx.Client:
    """One client for all requests: making one reads every certificate of the system."""
    import httpx

    return httpx.Client(
        trust_env=False, verify=False, limits=httpx.Limits(max_keepalive_connections=0)
    )


def start_web(world: World, *options: str) -> Web:
    """Start `flask run` on a free port and wait until it listens.

    Raises ProgramStopped, TookTooLong; NotYet while there is no wsgi.py.
    """
    for attempt in range(_TRIES):
        port = world.lend_port()
        process = world.run("flask", "run", "--port", str(port), *options)
        if process.wait_for(_RUNNING.format(port=port), Deadline(_START_WITHIN)):
            return Web(world, process, port)
        if "in use" not in process.output.text or attempt == _TRIES - 1:
            break
    if "Could not locate a Flask application" in process.output.text:
        world.source.text("wsgi.py")  # not written yet: the program has not stopped
    raise world.stopped("flask run", process)


def start_with_products(world: World) -> Web:
    """Start the web server on a migrated database and create three products, names at random."""
    with ThreadPoolExecutor(1) as pool:  # two Pythons start side by side
        migrated = pool.submit(world.migrate)
        web = start_web(world)
        migrated.result()
    for number in range(3):
        name = f"product {number} {secrets.token_hex(3)}"
        response = web.request("POST", PRODUCTS, data={"name": name})
        if response.status != 201:
            raise ProgramStopped(
                _(
                    "POST {path} answered {status} instead of 201.",
                    path=PRODUCTS,
                    status=response.status,
                ),
                seen=web.last_traceback() or response.text[:300],
                look=_("Does the POST of step 05 still work?"),
            )
        product = response.json()
        if not isinstance(product, dict) or not {"id", "name"} <= set(product):
            raise ProgramStopped(
                _("POST {path} does not answer with the product that it created.", path=PRODUCTS),
                seen=response.text[:300],
                look=_("Does the POST of step 05 still work?"),
            )
        web.products.append(product)
    return web

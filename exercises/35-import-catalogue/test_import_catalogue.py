"""Step 35: a catalogue is checked at the door, imported in batches, and survives two kills."""

import http.client
import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from atelier.checks import (
    PRODUCTS,
    Deadline,
    _,
    criterion,
    expect,
    start_web,
    start_worker,
    writes_held,
)

IMPORTS = "/api/v1/imports"
ANSWERS_WITHIN = 20  # seconds
ENDS_WITHIN = 30
PATIENCE = 240  # all of them wait for the same story, which starts three workers in turn
COMES_TO_THE_GATE_WITHIN = 30
LARGEST = 5_000_000
KNOWN = (200, 202, 303)  # the answer to a file that is known
LONG = "n" * 121
MOST = "m" * 111  # with the mark before it, a name of 120 characters
GOOD = 450  # lines of the long file; every fiftieth is followed by a bad one
BATCH = 100  # lines in a batch, at most
LOOK_EVERY = 0.05
# How the file of a database begins, and its write-ahead log, which is a part of it.
DATABASE = (b"SQLite format 3\0", b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")

# A module of ours in the worker: it counts the commits that bring products, and can hold one up
# before it is made, or the process after it: so the worker is killed at a place of our choice.
GATE = """
import re, time
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine

HOME = Path({home!r})
after = []

def hold(place):
    (HOME / ("at-" + place)).touch()
    end = time.monotonic() + 60
    while (HOME / "closed").exists() and time.monotonic() < end:
        time.sleep(0.01)

@event.listens_for(Engine, "before_cursor_execute")
def executing(connection, cursor, statement, parameters, context, executemany):
    if after:
        after.clear()
        hold("after")
    if re.match(r"\\s*INSERT\\b.*\\bproducts\\b", statement, re.IGNORECASE | re.DOTALL):
        connection.info["products"] = True

@event.listens_for(Engine, "commit")
def committing(connection):
    if not connection.info.pop("products", False):
        return
    with (HOME / "commits").open("a") as file:
        file.write("x")
    closed = HOME / "closed"
    if not closed.exists():
        return
    place, number = closed.read_text().split()
    if (HOME / "commits").stat().st_size >= int(number):
        if place == "before":
            hold(place)
        else:
            after.append(place)
"""


class Gate:
    """Holds up the worker at its batches, while it is closed."""

    def __init__(self, world):
        self._home = world.home
        (world.root / "gate_of_the_check.py").write_text(GATE.format(home=str(world.home)))
        world.worker_options.append("--include=gate_of_the_check")

    @property
    def commits(self):
        """How many commits have brought products so far."""
        path = self._home / "commits"
        return path.stat().st_size if path.exists() else 0

    def close(self, place, batches):
        """Hold up the worker `before` or `after` the commit of so many more batches."""
        for path in self._home.glob("at-*"):
            path.unlink()
        part = self._home / "closed.part"
        part.write_text(f"{place} {self.commits + batches}")
        part.replace(self._home / "closed")

    def open(self):
        """Let everything pass."""
        (self._home / "closed").unlink(missing_ok=True)

    def holds(self, place, seconds):
        """Whether the worker comes to this place in time."""
        deadline = Deadline(seconds)
        while not (there := (self._home / f"at-{place}").exists()) and not deadline.over:
            time.sleep(LOOK_EVERY)
        return there


class Answer(NamedTuple):
    """What came back from an upload."""

    status: int
    location: str | None
    text: str

    @property
    def message(self):
        """The sentence in it, empty when there is none."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return ""
        said = found.get("message") if isinstance(found, dict) else None
        return said if isinstance(said, str) else ""


class Seen(NamedTuple):
    """What became of all that was uploaded."""

    web: Any
    refused: dict  # the answers to uploads that must not come in
    left: int  # how many messages those left
    large: Answer  # to a file that is nearly too large
    first: Answer
    second: Answer  # of the same file, at the same moment
    waiting: dict
    before: list  # the products before there was a worker
    done: dict
    log: str
    products: list
    again: Answer  # to the same file, later
    by_name: Answer  # to that file, when only its name says CSV
    by_type: Answer  # and when only its type does
    doubled: int  # products that came when the same file was uploaded later
    held: bool
    middle: dict
    in_the_middle: int  # products of the long file that are there in the middle
    went_on: bool
    running: bool
    last: dict
    long: list
    last_log: str


def form(content, name="catalogue.csv", kind="text/csv", field="file"):
    """A form with one file, as a browser and curl send it: its body, and the type of that."""
    mark = secrets.token_hex(12)
    head = f'Content-Disposition: form-data; name="{field}"; filename="{name}"'
    lines = (f"--{mark}", head, f"Content-Type: {kind}", "", "")
    body = "\r\n".join(lines).encode() + content + f"\r\n--{mark}--\r\n".encode()
    return body, f"multipart/form-data; boundary={mark}"


def send(web, body, kind):
    """POST a body to the imports."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=ANSWERS_WITHIN)
    try:
        connection.request("POST", IMPORTS, body=body, headers={"Content-Type": kind})
        response = connection.getresponse()
        text = response.read(200_000).decode("utf-8", "replace")
        return Answer(response.status, response.getheader("Location"), text)
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, None, f"{type(error).__name__}: {error}")
    finally:
        connection.close()


def upload(web, content, **options):
    return send(web, *form(content, **options))


def path_of(answer):
    """The path in a Location, which may be a whole address."""
    location = answer.location or f"{IMPORTS}/nowhere"
    return "/" + location.split("://", 1)[1].partition("/")[2] if "://" in location else location


def state_of(web, answer):
    found = web.get(path_of(answer), ANSWERS_WITHIN).json()
    return found if isinstance(found, dict) else {}


def wait_until_done(web, answer, seconds=ENDS_WITHIN):
    """What GET tells of an import once it is done, or when the time is over."""
    deadline = Deadline(seconds)
    while (found := state_of(web, answer)).get("state") != "DONE" and not deadline.over:
        time.sleep(LOOK_EVERY)
    return found


def products_of(web):
    found = web.get(PRODUCTS, ANSWERS_WITHIN).json()
    return found if isinstance(found, list) else []


def names(products, beginning=""):
    """The names of these products that begin so."""
    found = [str(row.get("name")) for row in products if isinstance(row, dict)]
    return [name for name in found if name.startswith(beginning)]


def mixed_file(mark):
    """A file as a spreadsheet in French saves it, and what is in it."""
    lines = [
        "name;description",
        f"{mark} mug;Blue, or red",
        "",
        ";no name",
        f'"{mark} cup; the ""big"" one";"two',
        'lines"',
        f"{mark} bowl;deep;and more",
        f"{LONG};long",
        f"{mark} théière;",
        " ;a name of spaces",
        f"{mark} twin;1",
        f"{mark} twin;1",
        f"{mark} {MOST};",
        "",
        "",
        "",
    ]
    content = b"\xef\xbb\xbf" + "\r\n".join(lines).encode()
    good = [
        (f"{mark} mug", "Blue, or red"),
        (f'{mark} cup; the "big" one', "two\r\nlines"),
        (f"{mark} théière", None),
        *[(f"{mark} twin", "1")] * 2,
        (f"{mark} {MOST}", None),
    ]
    return content, good, [4, 7, 8, 10]


def long_file(mark):
    """A file of many lines, the numbers of its bad ones, and the names of its good ones."""
    lines, bad, good = ["description,name"], [], []
    for number in range(GOOD):
        good.append(f"{mark} {number:04}")
        lines.append(f"round; red; {number},{good[-1]}")
        if number % 50 == 49:
            lines.append("nameless,")
            bad.append(len(lines))
    return ("\n".join(lines) + "\n").encode(), bad, good


def refusals():
    """Uploads that must not come in: the form, and the status that says so."""
    table = b"name,description\nMug,Blue\n"
    return {
        "no file": (*form(table, field="catalogue"), (400,)),
        "no form": (b'{"name": "Mug"}', "application/json", (400, 415)),
        "too large": (
            *form(b"name,description\n" + (b"x" * 99_000 + b",Mug\n") * 52),
            (413,),
        ),
        "a picture": (*form(b"\x89PNG\r\n\x1a\n", name="mug.png", kind="image/png"), (415,)),
        "a picture called csv": (*form(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0"), (415,)),
        "latin-1": (*form("name\nThéière\n".encode("latin-1")), (422,)),
        "empty": (*form(b""), (422,)),
        "no column name": (*form(b"title,description\nMug,Blue\n"), (422,)),
        "an unknown column": (*form(b"name,price\nMug,3\n"), (422,)),
    }


def forget_files(world, mark):
    """Remove what the upload left on the disk outside the database: another machine has no such."""
    for path in world.directory.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                content = file.read(LARGEST)
            if mark.encode() in content and not content.startswith(DATABASE):
                path.unlink()


def observe(worlds):
    """Upload, refuse, import, upload again; then kill the worker twice on its way."""
    world = worlds.shared()
    temporary = world.home / "tmp"
    temporary.mkdir(exist_ok=True)
    world.env["TMPDIR"] = str(temporary)
    gate = Gate(world)
    with ThreadPoolExecutor(2) as pool:
        migrated = pool.submit(world.migrate)
        web = start_web(world)
        migrated.result()

        refused = {}
        for name, (body, kind, _statuses) in refusals().items():
            refused[name] = send(web, body, kind)
        left = len(world.queue.waiting())
        large = upload(web, b"name\n" + (b"n" * 98_999 + b"\n") * 50)
        mark = secrets.token_hex(4)
        content, _good, _bad = mixed_file(mark)
        first, second = upload_at_the_same_moment(world, lambda: upload(web, content), pool)
    expect(
        first.status == 202 and first.location,
        _("Expected: a CSV file in the field file is answered with 202 and a Location."),
        seen=f"{first.status} Location: {first.location}\n{web.last_traceback() or first.text}",
        look=_("Is the route there, is its blueprint registered, and what comes third in return?"),
    )
    waiting = state_of(web, first)
    before = products_of(web)
    forget_files(world, mark)

    worker = start_worker(world, *world.worker_options)
    done = wait_until_done(web, first)
    products = products_of(web)
    log = worker.last_log()
    again = upload(web, content, name="another name.csv")
    by_name = upload(web, content, kind="application/vnd.ms-excel")
    by_type = upload(web, content, name="catalogue")
    wait_until_done(web, upload_another(web, f"name\nlast {mark}\n".encode()))
    doubled = len(names(products_of(web), mark)) - len(names(products, mark))

    mark = secrets.token_hex(4)
    content, _bad, _good = long_file(mark)
    gate.close("before", 2)
    of_long = upload_another(web, content)
    held = gate.holds("before", COMES_TO_THE_GATE_WITHIN)
    middle = state_of(web, of_long)
    in_the_middle = len(names(products_of(web), mark))
    worker.stop()
    gate.close("after", 1)
    worker = start_worker(world, *world.worker_options)
    went_on = held and gate.holds("after", COMES_TO_THE_GATE_WITHIN)
    worker.stop()
    gate.open()
    world.queue.redeliver()  # some message may come twice, too
    worker = start_worker(world, *world.worker_options)
    last = wait_until_done(web, of_long, ENDS_WITHIN if went_on else 2)
    # What else was asked for at the same time has its end, too.
    wait_until_done(web, upload_another(web, f"name\nvery last {mark}\n".encode()))
    return Seen(
        *(web, refused, left, large, first, second, waiting, before, done, log, products),
        *(again, by_name, by_type, doubled, held, middle, in_the_middle, went_on),
        *(worker.running, last, names(products_of(web), mark), worker.last_log()),
    )


def upload_another(web, content):
    """The answer to a later upload. Raises NotYet when it is refused: its import never begins."""
    answer = upload(web, content)
    expect(
        answer.status == 202 and answer.location,
        _("Expected: another CSV file, later, is answered with 202 and a Location, too."),
        seen=f"{answer.status} Location: {answer.location}\n{web.last_traceback() or answer.text}",
        look=_("What is different from the first file: its columns, its separator, its length?"),
    )
    return answer


def upload_at_the_same_moment(world, send_it, pool):
    """Two answers, a 202 first; both have looked for the file before one of them writes."""
    with writes_held(world.sqlite_database()):
        answers = [pool.submit(send_it) for _number in range(2)]
        time.sleep(1)  # who looks first has looked: nothing tells when
    return sorted((each.result() for each in answers), key=lambda each: each.status != 202)


def expect_refused(worlds, wanted):
    """Expect these uploads to be refused with a sentence."""
    seen = worlds.once(observe)
    for name in wanted:
        answer = seen.refused[name]
        statuses = refusals()[name][-1]
        expect(
            answer.status in statuses,
            _(
                "Expected: an upload is refused with {status}: {name}.",
                status=statuses[0],
                name=name,
            ),
            seen=f"{answer.status} {answer.text[:300]}",
            look=_("What does the route look at before it says 202?"),
        )
        expect(
            " " in answer.message.strip(),
            _(
                "Expected: a refusal says in a sentence what is wrong, in message: {name}.",
                name=name,
            ),
            seen=answer.text[:300],
            look=_("What is the second argument of abort?"),
        )


@criterion(
    _("An upload is answered at once, with 202 and an address"),
    file="views/imports.py",
    timeout=PATIENCE,
)
def test_upload_is_accepted(worlds):
    seen = worlds.once(observe)
    waiting = seen.waiting
    expect(
        waiting.get("state") != "DONE" and not seen.before,
        _("Expected: before there is a worker, nothing is imported."),
        seen=_(
            "{count} products, and the state {state}",
            count=len(seen.before),
            state=waiting.get("state"),
        ),
        look=_("Who reads the lines: the route, or the worker?"),
    )
    expect(
        waiting.get("progress") == waiting.get("imported") == 0
        and waiting.get("state") == "WAITING"
        and "id" in waiting,
        _("Expected: GET there, before a worker: id, the state WAITING, progress 0, imported 0."),
        seen=waiting,
        look=_("What is known of an import that nobody has begun?"),
    )


@criterion(
    _("What is no CSV file, or too large, stays outside"), file="views/imports.py", timeout=PATIENCE
)
def test_type_and_size(worlds):
    expect_refused(worlds, ("no file", "no form", "too large", "a picture", "a picture called csv"))
    seen = worlds.once(observe)
    large = seen.large
    expect(
        large.status == 202,
        _("Expected: a file of 4,950,005 bytes is not too large."),
        seen=f"{large.status} {large.text[:300]}",
        look=_("How many bytes may a file have?"),
    )
    for answer in (seen.by_name, seen.by_type):
        expect(
            answer.status in KNOWN,
            _("Expected: a file comes in when its name or its type says CSV, not only with both."),
            seen=f"{answer.status} {answer.text[:300]}",
            look=_("Which of the two does your route look at? Is one of them enough?"),
        )


@criterion(
    _("A file that cannot be read as a catalogue stays outside"),
    file="views/imports.py",
    timeout=PATIENCE,
)
def test_encoding_and_columns(worlds):
    seen = worlds.once(observe)
    expect_refused(worlds, ("latin-1", "empty", "no column name", "an unknown column"))
    expect(
        seen.left == 0,
        _("Expected: what is refused leaves no message for the worker."),
        seen=seen.left,
        look=_("Is the message sent after the checks?"),
    )


@criterion(
    _("The worker needs nothing from the disk of the web server"),
    file="imports.py",
    timeout=PATIENCE,
)
def test_worker_on_another_machine(worlds):
    seen = worlds.once(observe)
    expect(
        seen.done.get("state") == "DONE" and seen.done.get("progress") == 100,
        _("Expected: with the files of the upload gone from the disk, the import is done."),
        seen=f"{seen.done}\n{seen.log}",
        look=_("Where is the content kept until the worker reads it? Can another machine see it?"),
    )


@criterion(
    _("Each good line becomes one product, as it stands in the file"),
    file="imports.py",
    timeout=PATIENCE,
)
def test_lines_are_read(worlds):
    seen = worlds.once(observe)
    found = {row.get("name"): row.get("description") for row in seen.products}
    mark = next((name.split(" ")[0] for name in found if str(name).endswith(" mug")), "")
    for name, description in mixed_file(mark)[1]:
        told = found.get(name, ...)
        expect(
            told is not ...,
            _("Expected: a product {name}.", name=repr(name)),
            seen=sorted(map(str, found)),
            look=_("Which module knows quotes, separators and ends of lines, and who drops a BOM?"),
        )
        expect(
            (told or None) == description or told == (description or "").replace("\r\n", "\n"),
            _(
                "Expected: the description of {name} is {description}.",
                name=name,
                description=repr(description),
            ),
            seen=repr(told),
            look=_("Which column is which? What does the first line say?"),
        )
    count = len(mixed_file(mark)[1])
    expect(
        seen.done.get("imported") == count == len(names(seen.products, mark)),
        _("Expected: {count} products of this file, and imported tells as many.", count=count),
        seen=f"imported: {seen.done.get('imported')}, {names(seen.products)}",
        look=_("What becomes of an empty line, and of one that is no product?"),
    )


@criterion(
    _("Bad lines are named by their number, with a reason"), file="imports.py", timeout=PATIENCE
)
def test_bad_lines(worlds):
    seen = worlds.once(observe)
    told = seen.done.get("bad_lines")
    lines = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    wanted = mixed_file("")[2]
    expect(
        [each.get("line") for each in lines] == wanted and seen.done.get("bad") == len(wanted),
        _(
            "Expected: bad_lines tells the lines {wanted}, as an editor counts, and bad how many.",
            wanted=wanted,
        ),
        seen=f"bad: {seen.done.get('bad')}, bad_lines: {told}",
        look=_("The first line is 1. Which lines have no name, too many values, a name too long?"),
    )
    reasons = [each.get("reason") for each in lines]
    expect(
        all(isinstance(reason, str) and len(reason) > 5 for reason in reasons)
        and len(set(reasons[:3])) == 3,  # no name, too many values, a name too long
        _("Expected: each bad line has a reason that tells what is wrong with it."),
        seen=reasons,
        look=_("Who knows already what a product may be? What does its ValidationError say?"),
    )


@criterion(_("The same file twice is imported once"), file="views/imports.py", timeout=PATIENCE)
def test_same_file_twice(worlds):
    seen = worlds.once(observe)
    for answer in (seen.second, seen.again):
        expect(
            answer.status in KNOWN and path_of(answer) == path_of(seen.first),
            _("Expected: the same file again, at once or later, leads to the same import."),
            seen=f"{answer.status} Location: {answer.location}, {seen.first.location}",
            look=_("What is the same in two uploads of one file? Who keeps it unique?"),
        )
    expect(
        seen.doubled == 0,
        _("Expected: uploaded again under another name, the file brings no products."),
        seen=_("{count} more products", count=seen.doubled),
        look=_("What is the same in two uploads of one file? Who keeps it unique?"),
    )


@criterion(
    _("The import goes in batches, and its progress is seen"), file="imports.py", timeout=PATIENCE
)
def test_batches(worlds):
    seen = worlds.once(observe)
    expect(
        seen.held,
        _("Expected: {count} lines are imported in several transactions.", count=GOOD),
        seen=seen.middle,
        look=_("After how many lines does the task commit?"),
    )
    expect(
        seen.in_the_middle <= BATCH,
        _("Expected: before the second batch is written, {batch} lines at most.", batch=BATCH),
        seen=_("{count} products", count=seen.in_the_middle),
        look=_("After how many lines does the task commit?"),
    )
    progress = seen.middle.get("progress")
    # With few lines of many, it may be rounded down to 0.
    expect(
        isinstance(progress, int | float)
        and 0 <= progress < 100
        and (progress > 0 or seen.in_the_middle < GOOD // 50)
        and 0 < seen.in_the_middle < GOOD,
        _("Expected: in the middle, progress is between 0 and 100, and some products are there."),
        seen=_("{told}, and {count} products", told=seen.middle, count=seen.in_the_middle),
        look=_("What does the task write down with each batch?"),
    )
    expect(
        seen.middle.get("imported") == seen.in_the_middle and seen.middle.get("state") == "RUNNING",
        _("Expected: the state RUNNING, and imported is the number of products that are there."),
        seen=_("{told}, and {count} products", told=seen.middle, count=seen.in_the_middle),
        look=_("Are the products and the count written in the same transaction?"),
    )


@criterion(
    _("A worker that is killed and started again loses no line, and doubles none"),
    file="imports.py",
    timeout=PATIENCE,
)
def test_killed_on_its_way(worlds):
    seen = worlds.once(observe)
    expect(
        seen.held and seen.went_on,
        _("Expected: soon after the worker has been started again, the import goes on."),
        seen=f"{seen.last}\n{seen.last_log}",
        look=_(
            "Who still has the message of the killed worker? Who asks at the start what is left?"
        ),
    )
    _content, bad, good = long_file(seen.long[0].split(" ")[0] if seen.long else "")
    expect(
        seen.last.get("state") == "DONE",
        _("Expected: killed twice, and started again twice, the import is done."),
        seen=f"{seen.last}\n{seen.last_log}",
        look=_("Does the import go on where it was, also the second time?"),
    )
    lost = sorted(set(good) - set(seen.long))
    expect(
        not lost,
        _("Expected: none of the {count} lines is lost.", count=GOOD),
        seen=_("{count} are missing: {lost}", count=len(lost), lost=lost[:5]),
        look=_("Is the line that was reached written before the products, or with them?"),
    )
    doubled = sorted({name for name in seen.long if seen.long.count(name) > 1})
    expect(
        not doubled,
        _("Expected: none of the {count} lines is there twice.", count=GOOD),
        seen=_("{count} are double: {doubled}", count=len(doubled), doubled=doubled[:5]),
        look=_("Is the line written after the products? And if two tasks do the same import?"),
    )
    told = seen.last.get("bad_lines") or []
    expect(
        seen.last.get("imported") == GOOD and [each.get("line") for each in told] == bad,
        _("Expected: the counts and the bad lines are right as well."),
        seen=f"imported: {seen.last.get('imported')}, bad_lines: {[e.get('line') for e in told]}",
        look=_("Are they written in the transaction of the batch?"),
    )

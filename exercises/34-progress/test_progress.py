"""Step 34: a task tells how far it is; a page shows it, by polling and by server-sent events."""

import time
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any, NamedTuple

from atelier.checks import (
    Deadline,
    EventStream,
    Unmet,
    Web,
    _,
    criterion,
    expect,
    expect_status,
    real_browser,
    start_web,
    start_web_type,
)

PAGE = "/progress/"
ITEMS = 15
ANSWERS_WITHIN = 15  # seconds
ENDS_WITHIN = 25  # the task takes three
PATIENCE = 150  # all of them wait for the same recount
LEFT_WITHIN = 40  # a first write to a connection that is gone may succeed; the second fails
FINAL = ("SUCCESS", "FAILURE", "REVOKED")
WAYS = ("", "?by=polling")
LIVE = "[aria-live], [role=status], [role=alert], [role=log], output"
BAR = "document.querySelector('progress')"
# In each page, ten times a second: how full the bar is, whatever its greatest value.
WATCH = f"setInterval(() => (window.seenFull ??= []).push({BAR}?.position ?? 0), 100)"
FULL = f"() => {BAR}.position === 1"
SAYS = f"() => [...document.querySelectorAll('{LIVE}')].some((each) => each.innerText.trim())"


def fields(response):
    """The object in a JSON answer or in an event; an empty one when it holds none."""
    found = response.json()
    return found if isinstance(found, dict) else {}


def whole(value):
    """Whether a value of JSON is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def numbers(answers):
    """The numbers that they tell, each once, in the order in which they came."""
    found = [answer["done"] for answer in answers if whole(answer.get("done"))]
    return [each for place, each in enumerate(found) if place == 0 or found[place - 1] != each]


def start(web, items):
    """Start a recount and return the answer and the task's id. Raises NotYet without one."""
    answer = web.request("POST", PAGE, data={"items": items}, seconds=ANSWERS_WITHIN)
    expect_status(answer, 202, "POST /progress/", web)
    task_id = fields(answer).get("task_id")
    expect(
        isinstance(task_id, str) and task_id,
        _("Expected: POST /progress/ answers 202, and JSON with the id of the task in task_id."),
        seen=answer.text[:300],
        look=_("Which attribute of what delay returns is the id?"),
    )
    return answer, task_id


def stream_of(web, task_id, last_id=None):
    headers = {} if last_id is None else {"Last-Event-ID": last_id}
    return EventStream(web, f"{PAGE}{task_id}/events", headers)


class Seen(NamedTuple):
    """What the server told of recounts, before there was a worker and while it worked."""

    web: Any
    worker: Any
    task_id: str
    early: Any  # the answer while no worker was there
    headers: dict  # of that answer
    stream: Any  # the stream from before the worker to the end
    first: list  # its events before the worker
    ended: bool
    polled: list  # what polling told meanwhile
    again: Any  # a stream that was left and asked for again while the task worked
    left_at: Any  # its last event before it was left
    after: Any  # a stream that was asked for after its last event
    failed: Any  # the answer for a task that failed
    failed_id: str
    failed_stream: Any


def poll(web, task_id):
    """What GET tells, every tenth of a second, until the task has ended."""
    deadline = Deadline(ENDS_WITHIN)
    polled = []
    while not deadline.over:
        polled.append(fields(web.get(f"{PAGE}{task_id}", ANSWERS_WITHIN)))
        if polled[-1].get("state") in FINAL:
            break
        time.sleep(0.1)
    return polled


def leave_and_come_back(web, task_id):
    """Leave a stream in the middle; return its last event, and the stream asked for anew."""
    with stream_of(web, task_id) as stream:
        deadline = Deadline(ENDS_WITHIN)
        while not (stream.events and fields(stream.events[-1]).get("done")):
            if stream.over or deadline.over:
                return None, stream
            time.sleep(0.02)
    last = stream.events[-1]
    again = stream_of(web, task_id, last.id)
    again.wait_for_end(ENDS_WITHIN)
    return last, again


def observe(worlds):
    """Follow a recount from before its start to its end, and one that fails."""
    world = worlds.shared()
    with ThreadPoolExecutor(3) as pool:
        starting = pool.submit(lambda: world.resting_worker)
        web = start_web(world)
        _answer, task_id = start(web, ITEMS)
        early = web.get(f"{PAGE}{task_id}", ANSWERS_WITHIN)
        with EventStream(web, f"{PAGE}{task_id}") as plain:
            headers = plain.headers
        stream = stream_of(web, task_id)
        first = stream.wait_for_events(1, ANSWERS_WITHIN)
        failed_id = start(web, 1)[1]
        world.queue.wait_for_messages(2, Deadline(2))
        # A server may know only what was asked of it: so the one that fails comes from POST, too.
        world.queue.change(failed_id, args=["many"])
        worker = starting.result()
        worker.begin()
        back = pool.submit(leave_and_come_back, web, task_id)
        polled = poll(web, task_id)
        ended = stream.wait_for_end(ANSWERS_WITHIN)
        left_at, again = back.result()
    last_id = stream.events[-1].id if stream.events else None
    after = stream_of(web, task_id, last_id)
    after.wait_for_end(2)
    world.queue.wait_for_result(failed_id, Deadline(10))
    failed = web.get(f"{PAGE}{failed_id}", ANSWERS_WITHIN)
    failed_stream = stream_of(web, failed_id)
    failed_stream.wait_for_end(5)
    for each in (stream, again, after, failed_stream):
        each.leave()
    return Seen(
        *(web, worker, task_id, early, headers, stream, first, ended, polled),
        *(again, left_at, after, failed, failed_id, failed_stream),
    )


def aside(worlds):
    """A world without a worker: a recount that is asked for there waits for ever."""
    return worlds.new()


class Parts(HTMLParser):
    """The bars of a page, the labels, and the regions that are read aloud when they change."""

    def __init__(self, text):
        super().__init__()
        self.bars = []
        self.labelled = set()
        self._label = None
        self._words = False
        self.ids = set()
        self.live = 0
        self._in_label = 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Keep what matters of an element."""
        given = dict(attrs)
        self.ids.add(given.get("id"))
        if tag == "label":
            self._in_label += 1
            self._label = given.get("for")
        if tag == "progress":
            self.bars.append({**given, "in a label": self._in_label > 0})
        says = given.get("aria-live")
        if says in ("polite", "assertive") or (
            says is None and (tag == "output" or given.get("role") in ("status", "alert", "log"))
        ):
            self.live += 1

    def handle_endtag(self, tag):
        """Count the labels that are open."""
        if tag == "label":
            self._in_label -= 1

    def handle_data(self, data):
        """A label without words names nothing."""
        if self._in_label and data.strip():
            self.labelled.add(self._label)
            self._words = True

    def has_name(self, bar):
        """Whether a screen reader can say what this bar is."""
        return (
            (bar["in a label"] and self._words)
            or (bar.get("id") and bar["id"] in self.labelled)
            or (bar.get("aria-label") or bar.get("title") or "").strip()
            or set((bar.get("aria-labelledby") or "").split()) & self.ids
        )


@criterion(
    _("The page has a bar with a name, and a sentence that is read aloud"),
    file="templates",
    timeout=PATIENCE,
)
def test_page_can_be_read_aloud(worlds):
    web = worlds.once(observe).web
    answer = web.get(PAGE, ANSWERS_WITHIN)
    expect_status(answer, 200, "GET /progress/", web)
    parts = Parts(answer.text)
    expect(
        "html" in answer.content_type and len(parts.bars) == 1,
        _("Expected: an HTML page with one element progress."),
        seen=answer.text[:400],
        look=_("Which element does a screen reader know as a progress bar?"),
    )
    expect(
        parts.has_name(parts.bars[0]),
        _("Expected: the bar has a label, so that a screen reader can say what it measures."),
        seen=parts.bars[0],
        look=_("Does the label's for name the bar's id?"),
    )
    expect(
        parts.live,
        _("Expected: the sentence stands in an element with aria-live, which is read aloud."),
        seen=answer.text[:600],
        look=_("How does a screen reader learn that a text has changed?"),
    )


@criterion(
    _("POST starts a recount of as many items as it is told"),
    file="views/progress.py",
    timeout=PATIENCE,
)
def test_post_starts_a_recount(worlds):
    seen = worlds.once(observe)
    expect_status(seen.early, 200, "GET /progress/<task_id>", seen.web)
    found = fields(seen.early)
    expect(
        found.get("done") == 0 and found.get("total") == ITEMS and found.get("message"),
        _(
            "Expected: while it waits for a worker, done 0, total {total}, and a message.",
            total=ITEMS,
        ),
        seen=seen.early.text[:300],
        look=_("Who writes the first state, before a worker has the task?"),
    )
    for items in (0, -3, "many", 2.5, None):
        answer = seen.web.request("POST", PAGE, data={"items": items}, seconds=ANSWERS_WITHIN)
        expect(
            answer.status in (400, 422) and isinstance(answer.json(), dict),
            _("Expected: a number of items that makes no sense is refused, with 422 and JSON."),
            seen=f"items: {items!r} → {answer.status} {answer.text[:200]}",
            look=_("Which field of a schema takes whole numbers alone, and from 1 on?"),
        )


@criterion(
    _("A recount that nobody started is not found"), file="views/progress.py", timeout=PATIENCE
)
def test_unknown_is_not_found(worlds):
    web = worlds.once(observe).web
    for path in (f"{PAGE}nobody-started-this", f"{PAGE}nobody-started-this/events"):
        with EventStream(web, path) as answer:
            expect(
                answer.status == 404,
                _("Expected: {path} answers 404, at once.", path=path),
                seen=answer.status,
                look=_("Which state does Celery tell for an id that it does not know?"),
            )


@criterion(
    _("The task tells a number and a sentence while it works"), file="recount.py", timeout=PATIENCE
)
def test_task_tells_how_far_it_is(worlds):
    seen = worlds.once(observe)
    told = [answer for answer in seen.polled if answer.get("state") not in FINAL]
    found = numbers(told)
    expect(
        len(found) >= 3 and found == sorted(found) and found[-1] <= ITEMS,
        _("Expected: asked again and again, the number done rises from 0 to {total}.", total=ITEMS),
        seen=_("{found}; the worker: {log}", found=found, log=seen.worker.last_log(3)),
        look=_("Does the task call update_state for each item, with a state of its own?"),
    )
    sentences = {answer.get("message") for answer in told}
    expect(
        len(sentences - {None, ""}) >= 3 and all(a.get("total") == ITEMS for a in told),
        _("Expected: each number comes with the total, and with a message that says it in words."),
        seen=told[-3:],
        look=_("Which keys does meta have?"),
    )
    last = seen.polled[-1]
    expect(
        last.get("state") == "SUCCESS"
        and last.get("done") == last.get("total") == ITEMS
        and last.get("message"),
        _("Expected: at the end the state SUCCESS, done is the total, and there is a message."),
        seen=last,
        look=_("What does the task return? Is it of the same form as what it told before?"),
    )


@criterion(
    _("The stream tells the same, as it happens, and ends"),
    file="views/progress.py",
    timeout=PATIENCE,
)
def test_stream_follows_to_the_end(worlds):
    seen = worlds.once(observe)
    stream = seen.stream
    kind = stream.headers.get("content-type", "")
    expect(
        stream.status == 200 and kind.startswith("text/event-stream"),
        _("Expected: /progress/<task_id>/events answers 200, as text/event-stream."),
        seen=f"{stream.status} {kind}",
        look=_("Which mimetype does the response have?"),
    )
    expect(
        seen.first and fields(seen.first[0]).get("done") == 0,
        _("Expected: who comes is told at once how it stands, even while nothing moves."),
        seen=seen.first[0].data if seen.first else _("no event"),
        look=_("Does the stream begin with an event, or with a wait?"),
    )
    told = [fields(event) for event in stream.events]
    found = numbers(told)
    expect(
        len(found) >= 3 and found == sorted(found),
        _("Expected: events while the task works, and their numbers rise."),
        seen=[event.data for event in stream.events[:4]],
        look=_("Is there one line data: with JSON, then an empty line, and is it sent at once?"),
    )
    moments = {round(event.at, 1) for event in stream.events}
    expect(
        len(moments) >= 3,
        _("Expected: each event is sent when it happens, not all of them at the end."),
        seen=_("{events} events at {moments} moments", events=len(told), moments=len(moments)),
        look=_("Is the body a generator that yields, or a text that is put together first?"),
    )
    expect(
        told and told[-1].get("state") == "SUCCESS" and told[-1].get("done") == ITEMS,
        _("Expected: the last event tells the state SUCCESS, with done and total."),
        seen=stream.events[-1].data if stream.events else _("no event"),
        look=_("Is the end told before the stream ends?"),
    )
    expect(
        seen.ended,
        _("Expected: after the last event the server ends the stream."),
        seen=_("The task has ended; the stream goes on."),
        look=_("In which states does the loop stop?"),
    )


@criterion(_("Nothing of it may be kept in a cache"), file="views/progress.py", timeout=PATIENCE)
def test_no_store(worlds):
    seen = worlds.once(observe)
    for place, headers in (("", seen.headers), ("/events", seen.stream.headers)):
        expect(
            "no-store" in headers.get("cache-control", ""),
            _("Expected: /progress/<task_id>{place} has Cache-Control: no-store.", place=place),
            seen=headers,
            look=_("What would a cache on the way answer to the second question?"),
        )


@criterion(
    _("Who comes back to the stream goes on after the last event"),
    file="views/progress.py",
    timeout=PATIENCE,
)
def test_stream_resumes(worlds):
    seen = worlds.once(observe)
    ids = [event.id for event in seen.stream.events]
    expect(
        len(set(ids)) == len(ids) > 0 and None not in ids,
        _("Expected: each event has an id of its own."),
        seen=ids,
        look=_("Is there a line id: before the line data:?"),
    )
    expect(
        seen.left_at is not None and seen.again.events,
        _("Expected: asked for again in the middle, the stream goes on."),
        seen=seen.again.status,
        look=_("What does the route do with the header Last-Event-ID?"),
    )
    first = seen.again.events[0]
    expect(
        first.id != seen.left_at.id
        and fields(first) != fields(seen.left_at)
        and fields(seen.again.events[-1]).get("state") == "SUCCESS",
        _("Expected: with the header Last-Event-ID, that event is not told a second time."),
        seen=f"Last-Event-ID: {seen.left_at.id}; id: {first.id}, data: {first.data}",
        look=_("What does the route do with the header Last-Event-ID?"),
    )
    expect(
        seen.after.status == 204 and not seen.after.events,
        _("Expected: who has been told the end gets 204, and a browser then stops asking."),
        seen=f"{seen.after.status}, {[event.data for event in seen.after.events]}",
        look=_("After the end of a stream a browser comes back by itself. Which status stops it?"),
    )


@criterion(_("A recount that raises an error says so"), file="views/progress.py", timeout=PATIENCE)
def test_failure_is_told(worlds):
    seen = worlds.once(observe)
    expect_status(seen.failed, 200, "GET /progress/<task_id>", seen.web)
    found = fields(seen.failed)
    expect(
        found.get("state") == "FAILURE" and isinstance(found.get("message"), str),
        _("Expected: the state FAILURE, and a message that says it in words."),
        seen=seen.failed.text[:300],
        look=_("What is the result of a task that raised an exception? Can it be JSON?"),
    )
    told = [fields(event) for event in seen.failed_stream.events]
    expect(
        seen.failed_stream.over and told and told[-1].get("state") == "FAILURE",
        _("Expected: the stream tells the state FAILURE, and ends."),
        seen=told or _("no event"),
        look=_("In which states does the loop stop?"),
    )


@criterion(
    _("While one page listens, the server answers others"), file="Procfile", timeout=PATIENCE
)
def test_server_answers_others(worlds):
    web = start_web_type(worlds.once(aside))
    _answer, task_id = start(web, ITEMS)
    with stream_of(web, task_id) as stream:
        stream.wait_for_events(1, ANSWERS_WITHIN)
        try:
            answer = web.get("/", 8)
        except Unmet:
            answer = None
    expect(
        answer is not None and answer.status == 200,
        _("Expected: the web process of the Procfile answers GET / while a stream is open."),
        seen=_("no answer in 8 seconds") if answer is None else answer.status,
        look=_("How many requests does a gunicorn worker hold, and which option adds threads?"),
    )


@criterion(
    _("Whoever closes the page frees the server"), file="views/progress.py", timeout=PATIENCE
)
def test_gone_client_is_noticed(worlds):
    world = worlds.once(aside)
    port = world.lend_port()
    # One process that does one thing at a time: it answers once it has noticed.
    one = ("--workers", "1", "--threads", "1", "--timeout", "120")
    process = world.run("gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", *one)
    if process.wait_for(r"Booting worker", Deadline(40)) is None:
        raise world.stopped("gunicorn", process)
    web = Web(world, process, port)
    _answer, task_id = start(web, ITEMS)
    with stream_of(web, task_id) as stream:
        stream.wait_for_events(1, ANSWERS_WITHIN)
    began = time.monotonic()
    try:
        answer = web.get("/", LEFT_WITHIN)
    except Unmet:
        answer = None
    expect(
        answer is not None and answer.status == 200,
        _("Expected: soon after a page has gone, what followed it is free for other requests."),
        seen=_(
            "After {seconds:.0f} s the server still writes for nobody.",
            seconds=time.monotonic() - began,
        ),
        look=_("Only a write notices that nobody is there. What is written while nothing happens?"),
    )


def shown(page):
    """What a page shows: how full its bar is, how full it has been, and the sentence."""
    full, seen = page.evaluate(f"() => [{BAR}.position, window.seenFull ?? []]")
    between = sorted({each for each in seen if 0 < each < 1})
    return full, between, " ".join(page.locator(LIVE).all_inner_texts())


def in_a_browser(worlds):
    """What a real browser shows of recounts, followed both ways. Raises Skipped without one."""
    seen = worlds.once(observe)
    address = f"http://127.0.0.1:{seen.web.port}{PAGE}"
    found = {}
    with real_browser() as browser:

        def new_page(asked):
            page = browser.new_page()
            page.set_default_timeout(20_000)
            page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
            page.add_init_script(WATCH)
            return page

        asked = {way: [] for way in WAYS}
        pages = {way: new_page(asked[way]) for way in WAYS}
        for way, page in pages.items():
            page.goto(f"{address}{way}#{start(seen.web, ITEMS)[1]}")
        for page in pages.values():
            page.wait_for_function(FULL)
        page.wait_for_timeout(1500)  # the last answer is on its way
        before = {way: len(asked[way]) for way in WAYS}
        page.wait_for_timeout(2500)
        for way, page in pages.items():
            found[way] = (shown(page), asked[way], asked[way][before[way] :])

        page = new_page([])
        page.goto(f"{address}#{seen.failed_id}")
        page.wait_for_function(SAYS)
        found["failed"] = shown(page)
        page = new_page(again := [])
        page.goto(address)
        page.get_by_role("button").first.click()
        page.wait_for_function(f"() => {BAR}.position > 0")
        page.reload()
        page.wait_for_function(f"() => {BAR}.position > 0")
        page.wait_for_timeout(500)
        found["reloaded"] = [each for each in again if each.startswith("POST ")]
    return found


@criterion(
    _("In a browser, the bar fills by itself, both ways"), file="templates", timeout=PATIENCE
)
def test_browser_shows_it(worlds):
    found = worlds.once(in_a_browser)
    for way in WAYS:
        name = f"{PAGE}{way}"
        (full, between, sentence), asked, more = found[way]
        expect(
            between,
            _("Expected: {page} shows a bar that grows while the task works.", page=name),
            seen=_("An empty bar, then a full one."),
            look=_("Is the bar set with each answer, or with the last one alone?"),
        )
        expect(
            full == 1 and sentence.strip(),
            _("Expected: {page} shows a full bar and a sentence at the end.", page=name),
            seen=f"{full:.0%} {sentence}",
            look=_("Which lines of the page set value, max and textContent?"),
        )
        streams = [url for url in asked if url.endswith("/events")]
        expect(
            bool(streams) is (way == ""),
            _("Expected: {page} follows by {way}.", page=name, way="polling" if way else "SSE"),
            seen=asked[:5],
            look=_("What does the page read from its own address?"),
        )
        expect(
            len(more) <= 1,  # a stream that is not closed comes back once, and gets 204
            _("Expected: at the end {page} stops asking.", page=name),
            seen=more,
            look=_("In which states does the loop of the page end, and who closes an EventSource?"),
        )
    expect(
        found["failed"][2].strip(),
        _("Expected: the page of a recount that raised an error says so."),
        seen=found["failed"],
        look=_("What does the page do with an answer that has no done?"),
    )
    expect(
        len(found["reloaded"]) == 1,
        _("Expected: after a reload the page goes on with the same recount."),
        seen=found["reloaded"],
        look=_("Where does the page keep the id of the task, so that a reload finds it?"),
    )

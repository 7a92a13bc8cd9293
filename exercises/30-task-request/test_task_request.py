"""Step 30: a task has a request of its own, and the id of the one that enqueued it."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor

from atelier.checks import Deadline, _, criterion, expect, start_web

PACKAGE = "jobs"
PROBE = "probe_request"
HEADER = "X-Request-ID"
ANSWER_WITHIN = 40  # seconds
DONE_WITHIN = 20
TOO_LONG = 2000  # characters
STRANGE = ("two words", 'quote"', "<b>", "a;b", "caf\u00e9", "x" * TOO_LONG)

# Jobs of the check, and one function that a view and a task call alike.
JOBS = """
from celery import shared_task
from flask import current_app, g, request, url_for
from models import Product, db
from registry import delay_task, task
from tracing import request_id

def seen():
    g.visits = g.get("visits", 0) + 1
    current_app.logger.warning("the probe looks around")
    return {
        "database": current_app.config["SQLALCHEMY_DATABASE_URI"],
        "products": db.session.scalar(db.select(db.func.count(Product.id))),
        "list": url_for("products.read_many_products"),
        "visits": g.visits,
        "id": request_id(),
    }

def asked(word):
    return {
        **seen(), "word": word, "url": request.url, "args": dict(request.args),
        "of the client": [request.cookies.get("taste"), request.headers.get("Authorization")],
    }

@task
def look(word):
    return asked(word)

@shared_task(name="probe_request.shared")
def shared(word):
    return asked(word)

@task
def pass_on(word):
    return delay_task(look, word).id
"""
# Served with the project's own app.
WEB = f"""
from flask import current_app, g, jsonify, request
from {PACKAGE}.{PROBE} import look, pass_on, seen, shared
from models import Product, db
from registry import delay_task
from wsgi import app

with app.app_context():
    db.create_all()
    db.session.add(Product(name="Socks"))
    db.session.commit()

@app.get("/probe/here")
def here():
    return jsonify(seen())

@app.get("/probe/look")
def send_look():
    g.visits = 10
    return jsonify(id=delay_task(look, request.args["word"]).id)

@app.get("/probe/shared")
def send_shared():
    task = current_app.extensions["celery"].tasks[shared.name]
    return jsonify(id=task.delay(request.args["word"]).id)

@app.get("/probe/pass-on")
def send_pass_on():
    return jsonify(id=delay_task(pass_on, request.args["word"]).id)

@app.get("/probe/broken")
def broken():
    raise RuntimeError("the probe breaks")
"""
# Requests with headers of any kind: what stands in them is sent as it is.
SEND = """
import http.client
import json

def send(method, path, told):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Cookie": "taste=plain", "Authorization": "Bearer of-the-client"}
    if told is not None:
        headers[header] = told.encode("utf-8")
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode("utf-8", "replace")
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    found = answer.getheader(header)
    return {"status": answer.status, "id": found, "body": body[:300], "json": data}

tell([send(*each) for each in requests])
"""


def laid(worlds):
    """A world with the check's jobs and routes in the project's copy."""
    world = worlds.shared()
    world.source.text("tracing.py")
    (world.root / PACKAGE / f"{PROBE}.py").write_text(JOBS)
    (world.root / "probe_web.py").write_text(WEB)
    world.env["FLASK_APP"] = "probe_web"
    return world


def served(worlds):
    """The web server, and the worker, which takes nothing yet."""
    world = worlds.once(laid)
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(lambda: world.resting_worker)
        web = start_web(world)
        return web, starting.result()


REQUESTS = {
    "here": ("/probe/here", True),
    "look": ("/probe/look?word=one", True),
    "again": ("/probe/look?word=two", False),
    "shared": ("/probe/shared?word=three", True),
    "pass_on": ("/probe/pass-on?word=four", True),
    "missing": ("/nothing/here", True),
    "broken": ("/probe/broken", True),
    "new": ("/", False),
    "newer": ("/", False),
    "preview": ("/api/v1/products/1/mails", True),
    "mail": ("/api/v1/products/1/mails", True),
    **{f"strange {number}": ("/", each) for number, each in enumerate(STRANGE)},
}


def sent(worlds):
    """What each of REQUESTS was told, and what came back."""
    web, _worker = worlds.once(served)
    told = {
        name: f"client-{secrets.token_hex(6)}" if given is True else given or None
        for name, (_path, given) in REQUESTS.items()
    }
    requests = [
        ("POST" if name == "mail" else "GET", path, told[name])
        for name, (path, _given) in REQUESTS.items()
    ]
    world = worlds.once(laid)
    answers = world.python(SEND, port=web.port, header=HEADER, requests=requests)
    return told, dict(zip(REQUESTS, answers, strict=True))


def enqueued(worlds):
    """The id of the task that a request started. A function of the request's name."""
    told, answers = worlds.once(sent)

    def of(name):
        answer = answers[name]
        found = answer["json"] if isinstance(answer["json"], dict) else {}
        task_id = found.get("id") or found.get("task_id")
        expect(
            task_id,
            _("Expected: the view enqueues its task and answers with its id."),
            seen=f"{answer['status']} {answer['body']}",
            look=_("Which line stops while a message is sent?"),
        )
        return task_id, told[name] or answer["id"]

    return of


def waiting(worlds):
    """The headers of the messages that wait, by the id of the task."""
    worlds.once(sent)
    world = worlds.once(laid)
    world.queue.wait_for_messages(5, Deadline(3))
    raw = world.redis.client().lrange("celery", 0, -1)
    headers = [json.loads(each)["headers"] for each in raw]
    return {each["id"]: each for each in headers}


def ran(worlds):
    """Gives a result by its id. The worker runs what waits, and two tasks that no request sent."""
    _web, worker = worlds.once(served)
    worlds.once(waiting)
    world = worlds.once(laid)
    alone = [world.queue.put(f"{PACKAGE}.{PROBE}.look", word) for word in ("five", "six")]
    worker.begin()
    deadline = Deadline(DONE_WITHIN)

    def result(task_id):
        found = world.queue.wait_for_result(task_id, deadline)
        expect(
            found and found.state == "SUCCESS",
            _("Expected: the worker runs the task, and its state is SUCCESS."),
            seen=f"{found.state}: {found.value}" if found else worker.last_log(),
            look=_("What does the function need that the worker's context does not have?"),
        )
        return found.value

    return result, alone


@criterion(_("Each answer carries an X-Request-ID"), file="tracing.py", timeout=90)
def test_answers_carry_an_id(worlds):
    _told, answers = worlds.once(sent)
    names = {"new": 200, "newer": 200, "missing": 404, "broken": 500}
    for name, status in names.items():
        answer = answers[name]
        expect(
            answer["id"] and answer["status"] == status,
            _("Expected: {status} with a header X-Request-ID, also for an error.", status=status),
            seen=_("{status}, X-Request-ID: {id}", status=answer["status"], id=answer["id"]),
            look=_("Which function does Flask call after each request?"),
        )
    expect(
        answers["new"]["id"] != answers["newer"]["id"],
        _("Expected: two requests that bring no id are given two."),
        seen=answers["new"]["id"],
        look=_("When is a new id made?"),
    )


@criterion(_("An id that the client sends is kept, if it is sane"), file="tracing.py", timeout=90)
def test_sane_id_is_kept(worlds):
    told, answers = worlds.once(sent)
    for name in ("here", "missing", "broken"):
        expect(
            answers[name]["id"] == told[name],
            _("Expected: X-Request-ID: {id} comes back in the answer.", id=told[name]),
            seen=answers[name]["id"],
            look=_("Is the header of the request looked at first?"),
        )
    for number, strange in enumerate(STRANGE):
        answer = answers[f"strange {number}"]
        found = answer["id"] or ""
        expect(
            answer["status"] == 200 and found and strange not in found and len(found) < TOO_LONG,
            _("Expected: an id that is too long, or has other characters, is replaced."),
            seen=f"{strange[:40]} → {answer['status']}, {found[:60]}",
            look=_("Which characters, and how many, may an id have?"),
        )
        clean = found.isascii() and not set(found) & set(' "<>;')
        expect(
            clean,
            _("Expected: the new id has letters, digits and signs like - alone."),
            seen=found[:80],
            look=_("Is the whole of the id compared, or its beginning?"),
        )


@criterion(_("The id travels in the headers of the message"), file="tracing.py", timeout=90)
def test_id_is_in_the_message(worlds):
    of, headers = worlds.once(enqueued), worlds.once(waiting)
    for name in ("look", "again", "shared", "pass_on", "mail"):
        task_id, request_id = of(name)
        found = headers.get(task_id, {})
        expect(
            request_id and request_id in found.values(),
            _("Expected: the id of the request among the headers of the task's message."),
            seen={key: found[key] for key in found if "id" in key.lower()},
            look=_("Who can add a header to each message before it is sent?"),
        )


@criterion(
    _("A task has a request of its own: no address, no arguments"), file="tasks.py", timeout=90
)
def test_request_is_its_own(worlds):
    of, (result, _alone) = worlds.once(enqueued), worlds.once(ran)
    for name, word in (("look", "one"), ("shared", "three")):
        found = result(of(name)[0])
        expect(
            found["url"] == "" and found["args"] == {},
            _("Expected: in the task, request.url and request.args are empty."),
            seen=_("url {url!r}, args {args}", url=found["url"], args=found["args"]),
            look=_("Which request is this: the one that enqueued the task?"),
        )
        expect(
            found["of the client"] == [None, None],
            _("Expected: the client's cookies and its Authorization stay in the view."),
            seen=found["of the client"],
            look=_("Which headers of the request does the message bring?"),
        )
        expect(
            found["word"] == word,
            _("Expected: what the task needs reaches it as an argument."),
            seen=found["word"],
            look=_("Are the arguments passed on to run?"),
        )


@criterion(
    _("Code for views works in a task: the same function, the same answer"),
    file="tasks.py",
    timeout=90,
)
def test_code_of_views_works(worlds):
    of, (result, _alone) = worlds.once(enqueued), worlds.once(ran)
    here = worlds.once(sent)[1]["here"]["json"] or {}
    for name in ("look", "shared"):
        found = result(of(name)[0])
        for key in ("database", "products", "list"):
            expect(
                found[key] == here.get(key),
                _("Expected: {key} is the same in the view and in the task.", key=key),
                seen=_("view: {view}; task: {task}", view=here.get(key), task=found[key]),
                look=_("Is the task's request made from the configuration of the app?"),
            )
        expect(
            found["visits"] == 1,
            _("Expected: g is empty when a task begins."),
            seen=found["visits"],
            look=_("Does each task get a context of its own?"),
        )


@criterion(_("In the task, the request id is that of the request"), file="tracing.py", timeout=90)
def test_task_knows_the_id(worlds):
    of, (result, _alone) = worlds.once(enqueued), worlds.once(ran)
    for name in ("look", "again", "shared"):
        task_id, request_id = of(name)
        found = result(task_id)
        expect(
            found["id"] == request_id,
            _("Expected: request_id() gives {id} in the task too.", id=request_id),
            seen=found["id"],
            look=_("What is done with the header once the message has arrived?"),
        )


@criterion(_("A task that starts a task hands the id on"), file="tracing.py", timeout=90)
def test_id_is_handed_on(worlds):
    of, (result, _alone) = worlds.once(enqueued), worlds.once(ran)
    task_id, request_id = of("pass_on")
    found = result(result(task_id))
    expect(
        found["id"] == request_id and found["word"] == "four",
        _("Expected: the second task has the id of the request as well: {id}.", id=request_id),
        seen=found["id"],
        look=_("What is the request, when a task sends a message?"),
    )


@criterion(_("A task that no request has sent runs, with a new id"), file="tasks.py", timeout=90)
def test_task_without_a_request(worlds):
    result, alone = worlds.once(ran)
    found = [result(each)["id"] for each in alone]
    expect(
        "None" not in found,
        _("Expected: an id, and not the word None."),
        seen=found,
        look=_("What is there when the message has no such header?"),
    )
    told = [each for each in worlds.once(sent)[0].values() if each]
    expect(
        all(found) and found[0] != found[1] and not set(found) & set(told),
        _("Expected: two such tasks have two ids, both new."),
        seen=found,
        look=_("What is there when the message has no such header?"),
    )


@criterion(_("The id stands in both logs"), file="tracing.py", timeout=90)
def test_id_is_in_both_logs(worlds):
    web, worker = worlds.once(served)
    of, (result, _alone) = worlds.once(enqueued), worlds.once(ran)
    here = worlds.once(sent)[0]["here"]
    task_id, _request_id = of("look")
    told = worlds.once(sent)[0]["look"]
    result(task_id)
    web.last_traceback()  # what was printed before it has been read
    worker.wait_for_log(rf"\[{task_id}\] succeeded", 5)
    # Celery itself writes what a task returns, and the probe returns the id.
    own = "\n".join(line for line in worker.log.splitlines() if " succeeded in " not in line)
    for name, log, wanted in (("web", web.log, (here, told)), ("worker", own, (told,))):
        missing = [each for each in wanted if each not in log]
        expect(
            not missing,
            _("Expected: the id of the request in what the {name} logs.", name=name),
            seen=_("Not there: {names}", names=", ".join(missing)),
            look=_("Which lines are written in a request, and who puts the id into them?"),
        )


@criterion(
    _("A mail says its reference, in the preview and when sent"), file="jobs/mail.py", timeout=90
)
def test_mail_says_its_reference(worlds):
    of, (result, _alone) = worlds.once(enqueued), worlds.once(ran)
    told, answers = worlds.once(sent)
    task_id, _request_id = of("mail")
    texts = {"preview": answers["preview"]["body"], "mail": str(result(task_id))}
    for name, text in texts.items():
        expect(
            told[name] in text and "/api/v1/products/1" in text and "Socks" in text,
            _("Expected: the mail has the product's name, its address and the request's id."),
            seen=f"{name}: {text[:300]}",
            look=_("Do the view and the task call the same function?"),
        )

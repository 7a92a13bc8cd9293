// The learner's criteria beside the lesson. All that comes is shown as text, but for the course's own hints.
const place = document.querySelector(".live");
const language = document.documentElement.lang;
const at = (action = "") => `/live/${place.dataset.step}${action && `/${action}`}`;
const part = (name) => place.querySelector(name);
const [status, waits, list, answer, given, queue, dialog] = [".status", ".waits", ".criteria", ".answer", ".given", ".queue", "dialog"].map(part);
let token = "";
let source = null;
let waiting = 0;

function make(tag, text = "", kind = "") {
    const made = document.createElement(tag);
    made.textContent = text;
    if (kind) made.className = kind;
    return made;
}

// Write only what is new: a screen reader says it, and a selection stays.
function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
    element.hidden = !text;
}

// --- The stream --------------------------------------------------------------------------------------------------

function listen() {
    clearTimeout(waiting);
    source?.close();
    source = new EventSource(`${at()}?lang=${language}${queue.open ? "&queue" : ""}`);
    source.onmessage = ({ data }) => show(JSON.parse(data));
    source.onerror = () => {
        place.dataset.phase = "stopped";
        write(status, place.dataset.stopped);
        write(waits, "");
        // Some browsers try again by themselves, and some do not when nobody listens there.
        if (source.readyState === EventSource.CLOSED) waiting = setTimeout(listen, 1000);
    };
}

function stop() {
    clearTimeout(waiting);
    source?.close();
    source = null;
}

// A tab that nobody sees asks for nothing.
document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
addEventListener("pagehide", stop);
addEventListener("pageshow", ({ persisted }) => persisted && !document.hidden && listen());

// --- What it says ------------------------------------------------------------------------------------------------

function show(state) {
    token = state.token;
    place.dataset.phase = state.phase;
    write(status, state.status);
    write(waits, state.waits);
    showCriteria(state.criteria);
    showHints(state.hints);
    if (state.queue) fill(queue.querySelector("pre"), state.queue);
    part("[data-ask=next]").hidden = !state.may_go_on;
    part("[data-ask=hint]").hidden = !state.more_hints;
    for (const step of document.querySelectorAll(".steps [data-step]")) {
        showStep(step, state.met.includes(step.dataset.step) ? "met" : state.here === step.dataset.step ? "here" : "");
    }
}

// How far the learner is, in the list of the steps: seen, and said.
function showStep(item, standing) {
    if (item.className === standing) return;
    item.className = standing;
    item.querySelector(".unseen")?.remove();
    if (standing) item.querySelector("a").append(make("span", ` (${place.dataset[standing]})`, "unseen"));
}

function showCriteria(criteria) {
    const known = new Map([...list.children].map((item) => [item.dataset.id, item]));
    const items = criteria.map((criterion) => showCriterion(known.get(criterion.id) ?? newCriterion(criterion), criterion));
    if (items.length !== list.children.length || items.some((item, at) => item !== list.children[at])) list.replaceChildren(...items);
}

function newCriterion({ id }) {
    const item = make("li");
    item.dataset.id = id;
    return item;
}

function showCriterion(item, criterion) {
    const text = JSON.stringify(criterion);
    if (item.dataset.shown === text) return item;
    item.dataset.shown = text;
    item.className = `criterion ${criterion.verdict}${criterion.fresh ? "" : " stale"}`;
    const head = criterion.told.length ? make("summary") : make("p");
    head.append(make("span", criterion.title), " ", make("span", criterion.badge, "badge"));
    if (!criterion.told.length) {
        item.replaceChildren(head);
        return item;
    }
    const details = make("details");
    // What the reader folded stays folded, as long as it is the same one that is to be opened.
    const before = item.querySelector("details");
    details.open = before && item.dataset.open === String(criterion.open) ? before.open : criterion.open;
    item.dataset.open = criterion.open;
    details.append(head);
    for (const { text, output } of criterion.told) {
        if (text) details.append(make("p", text));
        if (output) details.append(scrollable(make("pre", output)));
    }
    item.replaceChildren(details);
    return item;
}

function scrollable(block) {
    block.tabIndex = 0;
    return block;
}

function showHints(hints) {
    given.hidden = !hints.length;
    const shown = given.querySelector("ol");
    const text = JSON.stringify(hints);
    if (shown.dataset.shown === text) return;
    shown.dataset.shown = text;
    shown.replaceChildren(
        ...hints.map(({ heading, html }) => {
            const body = make("div");
            body.innerHTML = html; // the course's own, never the learner's
            const item = make("li");
            item.append(make("h4", heading), body);
            return item;
        }),
    );
}

// --- What the buttons ask for ------------------------------------------------------------------------------------

async function ask(button) {
    const action = button.dataset.ask;
    const anyway = "anyway" in button.dataset ? "&anyway" : "";
    button.disabled = true;
    try {
        const said = await fetch(`${at(action)}?lang=${language}${anyway}`, { method: "POST", headers: { "X-Atelier-Token": token } });
        if (!said.ok) throw new Error(said.statusText);
        tell(await said.json(), anyway ? part("[data-ask=diff]").textContent : button.textContent);
    } catch {
        tell({ lines: [place.dataset.stopped] });
    } finally {
        button.disabled = false;
    }
}

function tell({ lines, asks, diff, output, to }, said) {
    write(answer.querySelector("p"), lines.join("\n"));
    answer.hidden = !lines.length;
    answer.querySelector("[data-anyway]").hidden = !asks;
    const onward = answer.querySelector(".onward");
    onward.hidden = !to;
    if (to) {
        onward.href = `${to}.html`;
        onward.textContent = lines[0];
        onward.focus();
    }
    if (diff) open(said, diff);
    if (output) open(said, output.flatMap(([command, text]) => [["heading", command], ["same", text.trimEnd()], ["note", ""]]));
}

function open(title, lines) {
    dialog.querySelector("h2").textContent = title;
    const block = dialog.querySelector("pre");
    fill(block, lines);
    dialog.showModal();
    block.scrollTo(0, 0);
}

function fill(block, lines) {
    block.replaceChildren(...lines.map(([kind, text]) => make("span", `${text}\n`, kind)));
}

// The queue is looked at only while it is shown.
queue.addEventListener("toggle", () => source && listen());
for (const button of place.querySelectorAll("[data-ask]")) button.addEventListener("click", () => ask(button));
dialog.querySelector(".close").addEventListener("click", () => dialog.close());
place.hidden = false;
if (!document.hidden) listen();

// Search: an index of this site, read once it is needed. Accents and case count for nothing.
const MOST = 30;
const AROUND = 60; // characters before the first word that was found

export const fold = (text) =>
    text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[’‘]/g, "'").replace(/œ/gi, "oe").replace(/æ/gi, "ae").toLowerCase();

// Every word must be there; a heading counts more than the text below it.
export function find(index, asked) {
    const words = fold(asked).split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const found = [];
    for (const section of index) {
        let points = 0;
        for (const word of words) {
            if (section.inTitle.includes(word)) points += 10;
            else if (section.inText.includes(word)) points += 1;
            else points = NaN;
        }
        if (points) found.push({ section, points });
    }
    found.sort((one, other) => other.points - one.points);
    return found.map(({ section }) => section);
}

export function search(place) {
    const field = place.querySelector("input");
    const results = place.querySelector(".results");
    const status = place.querySelector("[role=status]");
    const list = place.querySelector("ol");
    let index = null;
    place.hidden = false;

    const load = () => (index ??= read(place.dataset.index));
    field.addEventListener("focus", () => load().catch(() => {}));

    async function answer() {
        const asked = field.value;
        let found;
        try {
            found = asked.trim() ? find(await load(), asked) : null;
        } catch {
            index = null; // the next letter tries again
            list.replaceChildren();
            status.textContent = place.dataset.noIndex;
            results.hidden = false;
            return;
        }
        if (asked !== field.value) return; // typed on meanwhile
        results.hidden = found === null;
        if (found === null) return;
        status.textContent = found.length ? place.dataset.found.replace("{count}", found.length) : place.dataset.nothing;
        const words = fold(asked).split(/\s+/).filter(Boolean);
        list.replaceChildren(...found.slice(0, MOST).map((section) => line(section, words)));
    }
    field.addEventListener("input", answer);

    place.addEventListener("keydown", (event) => {
        const links = [...list.querySelectorAll("a")];
        const at = links.indexOf(document.activeElement);
        if (event.key === "Escape") {
            results.hidden = true;
            field.focus();
        } else if (event.key === "ArrowDown" && !results.hidden) {
            links[Math.min(at + 1, links.length - 1)]?.focus();
        } else if (event.key === "ArrowUp" && at >= 0) {
            (links[at - 1] ?? field).focus();
        } else if (event.key === "Enter" && document.activeElement === field) {
            links[0]?.click();
        } else {
            return;
        }
        event.preventDefault();
    });
    document.addEventListener("click", (event) => {
        if (!place.contains(event.target) || event.target.closest(".results a")) results.hidden = true;
    });
    return field;
}

async function read(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(answer.statusText);
    const { pages, sections } = await answer.json();
    return sections.map(([page, anchor, title, text]) => {
        const [file, step] = pages[page];
        return { file, step, anchor, title, text, inTitle: fold(title), inText: fold(text) };
    });
}

// A result: its step, its heading, and the words around what was found.
function line(section, words) {
    const link = document.createElement("a");
    link.href = `${section.file}#${encodeURIComponent(section.anchor)}`;
    const title = document.createElement("strong");
    title.textContent = section.title;
    const step = document.createElement("span");
    step.className = "step";
    step.textContent = section.step === section.title ? "" : section.step;
    const part = document.createElement("span");
    part.className = "excerpt";
    part.textContent = excerpt(section, words);
    link.append(title, step, part);
    const item = document.createElement("li");
    item.append(link);
    return item;
}

function excerpt({ text, inText }, words) {
    const places = words.map((word) => inText.indexOf(word)).filter((place) => place >= 0);
    // Folding keeps the place of a word, but for the few letters that become two.
    const from = Math.max(0, Math.min(...places, text.length) - AROUND);
    const cut = places.length ? text.slice(from, from + 3 * AROUND) : text.slice(0, 2 * AROUND);
    return `${from && places.length ? "… " : ""}${cut.trim()}${text.length > from + 3 * AROUND ? " …" : ""}`;
}

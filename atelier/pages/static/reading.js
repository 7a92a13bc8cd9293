// Which heading is being read: marked in the contents, and kept when the language is switched.
import { remember } from "./choice.js";

export function followReading() {
    remember("atelier-language", document.documentElement.lang);
    const marks = [...document.querySelectorAll(".contents a")].map((link) => ({
        link,
        heading: document.getElementById(decodeURIComponent(link.hash.slice(1))),
    }));

    // The last heading that is in the upper quarter of the window, or above it; at the end of the page, the last one.
    const current = () => {
        const end = scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
        return marks.findLast(({ heading }) => heading.getBoundingClientRect().top < (end ? innerHeight : innerHeight / 4));
    };

    let asked = false;
    const mark = () => {
        asked = false;
        const now = current();
        for (const { link } of marks) {
            if (link !== now?.link) link.removeAttribute("aria-current");
            else if (!link.hasAttribute("aria-current")) {
                link.setAttribute("aria-current", "location");
                keepInView(link);
            }
        }
    };
    const ask = () => {
        if (!asked) requestAnimationFrame(mark);
        asked = true;
    };
    addEventListener("scroll", ask, { passive: true });
    addEventListener("resize", ask);
    ask();

    const change = document.querySelector(".switch");
    const page = change.href;
    for (const kind of ["pointerdown", "focus", "click"]) {
        change.addEventListener(kind, () => {
            const twin = current()?.link.dataset.twin;
            change.href = twin ? `${page}#${encodeURIComponent(twin)}` : page;
        });
    }
}

// The contents may be longer than the window: they scroll by themselves, the page does not.
function keepInView(link) {
    const list = link.closest(".live ~ .contents") ?? link.closest(".beside");
    if (list.scrollHeight <= list.clientHeight) return;
    const place = link.offsetTop - list.clientHeight / 2;
    list.scrollTo({ top: place });
}

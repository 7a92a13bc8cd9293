// What a page does beyond being read. Each part stands alone: without it, the page is still complete.
import { copyButtons } from "./copy.js";
import { followReading } from "./reading.js";
import { search } from "./search.js";
import { themeButton } from "./choice.js";

const field = search(document.querySelector(".search"));
copyButtons(document);
themeButton(document.querySelector(".theme"));
followReading();

// What is wider than its place can be scrolled with the keys.
const wide = [...document.querySelectorAll("pre, .table")];
const measured = new ResizeObserver((entries) => {
    for (const { target } of entries) {
        if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
        else target.removeAttribute("tabindex");
    }
});
for (const each of wide) measured.observe(each);

document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    if (event.key === "/") {
        event.preventDefault();
        field.focus();
        field.select();
    }
    const way = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    // In a wide block, the arrows scroll.
    if (way && !event.target.closest("pre, .table")) document.querySelector(`a[rel="${way}"]`)?.click();
});

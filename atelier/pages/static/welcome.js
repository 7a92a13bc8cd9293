// The door leads on in the language that was read last, else in the first of the browser's that is there.
const there = [...document.querySelectorAll("[data-language]")];
let asked = navigator.languages;
try {
    asked = [localStorage.getItem("atelier-language") ?? "", ...asked];
} catch {
    // No storage here.
}
const way = asked
    .map((name) => there.find((link) => name.toLowerCase().startsWith(link.dataset.language)))
    .find((link) => link);
if (way) location.replace(way.href);

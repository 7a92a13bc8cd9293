// Light or dark, by the reader's choice; the system's again when the choice is the same.
export function themeButton(button) {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const system = () => (dark.matches ? "dark" : "light");
    button.hidden = false;
    button.addEventListener("click", () => {
        const root = document.documentElement;
        const chosen = (root.dataset.theme ?? system()) === "dark" ? "light" : "dark";
        if (chosen === system()) delete root.dataset.theme;
        else root.dataset.theme = chosen;
        remember("atelier-theme", root.dataset.theme);
    });
}

// Keep a choice for the next page; where nothing can be kept, it holds for this one.
export function remember(name, value) {
    try {
        if (value === undefined) localStorage.removeItem(name);
        else localStorage.setItem(name, value);
    } catch {
        // No storage here.
    }
}

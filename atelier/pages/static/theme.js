// Before anything is shown: what the reader chose, light or dark. Without a choice, the system's.
try {
    const chosen = localStorage.getItem("atelier-theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
    // No storage here: the system's.
}

// The copy buttons: what is to be typed or written, without prompts, answers and elisions.
export function copyButtons(page) {
    for (const button of page.querySelectorAll("button.copy")) {
        const said = button.textContent;
        button.hidden = false;
        button.addEventListener("click", async () => {
            const code = button.closest("figure").querySelector("pre code");
            try {
                await navigator.clipboard.writeText(toCopy(code));
                button.textContent = document.body.dataset.copied;
            } catch {
                // Not allowed here: the reader's own keys are.
                getSelection().selectAllChildren(code);
                button.textContent = document.body.dataset.copyByHand;
            }
            setTimeout(() => (button.textContent = said), 2000);
        });
    }
}

function toCopy(code) {
    const copy = code.cloneNode(true);
    for (const each of copy.querySelectorAll(".prompt, .answer, .elision")) each.remove();
    return copy.textContent.replace(/^\n+|\n+$/g, "") + "\n";
}

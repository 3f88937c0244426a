// A button with data-copied="what it then says" copies the code beside it.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copied]");
  if (!button) return;
  const code = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent.trim());
    button.textContent = button.dataset.copied;
  } catch {
    // Without a secure page there is no clipboard: mark the text, so that one key copies it.
    getSelection().selectAllChildren(code);
  }
});

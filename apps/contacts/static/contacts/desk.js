// Copy buttons, and pages that show a running job and look again by themselves.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  } catch {
    // Without a secure page there is no clipboard: mark the text, so that one key copies it.
    const code = button.parentElement.querySelector("code");
    getSelection().selectAllChildren(code);
  }
});
document.addEventListener("DOMContentLoaded", () => {
  const running = document.querySelector("form [data-reload]");
  if (running) setTimeout(() => location.reload(), Number(running.dataset.reload) * 1000);
});

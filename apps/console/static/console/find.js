// Search over everything: a palette that asks the server for one list and lets the keyboard walk through it.
document.addEventListener("DOMContentLoaded", () => {
  const dialog = document.getElementById("recado-find");
  if (!dialog?.showModal) return; // the links lead to a page that does the same
  const input = dialog.querySelector("input");
  const found = dialog.querySelector("[role=listbox]");
  const status = dialog.querySelector("[role=status]");
  const WAIT = 200; // milliseconds without a key before the server is asked
  let timer = 0;
  let asked = null;
  let shown = null;

  const options = () => [...found.querySelectorAll("[role=option]")];
  const chosen = () => found.querySelector("[aria-selected=true]");

  // A list box without a choice is none: screen readers would announce one with nothing in it.
  function choose(option) {
    found.setAttribute("role", option ? "listbox" : "group");
    input.setAttribute("aria-expanded", String(Boolean(option)));
    chosen()?.setAttribute("aria-selected", "false");
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  function say(sentence, isWrong) {
    const line = document.createElement("p");
    line.className = isWrong ? "recado-find-said recado-wrong" : "recado-find-said";
    line.textContent = status.textContent = sentence;
    found.replaceChildren(line);
    shown = null; // what was found before is gone: the same words are asked for again
    choose(null);
  }

  async function ask() {
    clearTimeout(timer);
    asked?.abort();
    const mine = (asked = new AbortController());
    const typed = input.value;
    const busy = setTimeout(() => {
      status.textContent = dialog.dataset.busy;
      found.setAttribute("aria-busy", "true");
    }, 150);
    try {
      const query = new URLSearchParams({ list: "1", q: typed });
      const limit = setTimeout(() => mine.abort("late"), 20000);
      const answer = await fetch(`${dialog.dataset.address}?${query}`, { signal: mine.signal }).finally(() => clearTimeout(limit));
      if (answer.redirected || answer.status === 403) return say(dialog.dataset.out, true);
      if (!answer.ok) throw new Error(String(answer.status));
      found.innerHTML = await answer.text(); // our own template, escaped by the server
      shown = typed;
      status.textContent = found.querySelector("[data-said]")?.textContent.trim() ?? "";
      choose(options()[0]);
    } catch {
      if (mine === asked && (!mine.signal.aborted || mine.signal.reason === "late")) say(dialog.dataset.failed, true);
    } finally {
      clearTimeout(busy);
      if (mine === asked) {
        asked = null;
        found.removeAttribute("aria-busy");
      }
    }
  }

  function open() {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    if (shown !== input.value) ask();
  }

  function follow(option, isApart) {
    if (!option) return;
    if (isApart) window.open(option.href, "_blank", "noopener");
    else {
      dialog.close();
      window.location.assign(option.href);
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const all = options();
    const at = all.indexOf(chosen());
    const moves = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1 };
    if (event.key in moves) {
      event.preventDefault();
      if (all.length) choose(all.at(moves[event.key] % all.length));
    } else if (event.key === "Escape") {
      event.preventDefault(); // a search box would only be emptied by it
      dialog.close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      // A code pasted and confirmed at once: wait for its own answer, never follow the one before.
      if (shown === input.value && !asked) follow(chosen(), event.ctrlKey || event.metaKey);
      else ask().then(() => shown === input.value && follow(chosen(), event.ctrlKey || event.metaKey));
    }
  });
  found.addEventListener("mousemove", (event) => choose(event.target.closest("[role=option]") ?? chosen()));
  dialog.querySelector(".recado-find-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-find]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", (event) => {
    const isWriting = event.target.closest?.("input, textarea, select, [contenteditable=true]");
    const isShortcut = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k";
    // On a list "/" belongs to the list's own box, as the theme writes in it.
    const isSlash = event.key === "/" && !isWriting && !document.getElementById("searchbar");
    if (!isShortcut && !isSlash) return;
    event.preventDefault();
    if (isShortcut && dialog.open) dialog.close();
    else open();
  });
});

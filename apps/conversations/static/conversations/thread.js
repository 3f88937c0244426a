// A conversation at the desk: begin at the newest line, quote without losing what was typed, send once, show blue ticks.
document.addEventListener("DOMContentLoaded", () => {
  const thread = document.getElementById("thread");
  if (thread) thread.scrollTop = thread.scrollHeight;
  const form = document.getElementById("answer");
  if (!form) return;

  const quote = form.querySelector(".answer-quote");
  const setQuote = (wamid, text) => {
    form.elements.quoting.value = wamid;
    quote.firstElementChild.textContent = text;
    quote.hidden = !wamid;
    form.elements.text.focus();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-quote], [data-unquote]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const bubble = link.closest(".bubble");
    const said = bubble?.querySelector(":scope > p:not(.bubble-author, .bubble-note)") || bubble?.querySelector("strong, figcaption a");
    const picture = bubble?.querySelector("img");
    setQuote(link.dataset.quote || "", said?.textContent || picture?.alt || "…");
  });

  // A double click is one message: the form's token says so to the server too.
  form.addEventListener("submit", () => setTimeout(() => (form.querySelector(".answer-send").disabled = true)));
  window.addEventListener("pageshow", () => (form.querySelector(".answer-send").disabled = false));

  const tell = (isTyping) => {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    if (isTyping) body.append("typing", "1");
    fetch(form.dataset.seen, { method: "POST", body, credentials: "same-origin" }).catch(() => {}); // cosmetic
  };
  if (document.visibilityState === "visible") tell(false);
  else document.addEventListener("visibilitychange", () => tell(false), { once: true });

  // "Is writing…" lasts 25 seconds on the phone, or until the message comes.
  let told = 0;
  form.elements.text.addEventListener("input", () => {
    if (Date.now() - told < 20000) return;
    told = Date.now();
    tell(true);
  });
});

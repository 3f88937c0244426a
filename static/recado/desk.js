// Buttons that change something are links in the theme: send them as a POST with the page's token.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-post]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const token = document.querySelector("input[name=csrfmiddlewaretoken]");
  if (!token) return; // without a token the link's own page asks first
  event.preventDefault();
  if (link.dataset.sent) return; // a double click is one click
  link.dataset.sent = "true";
  const form = document.createElement("form");
  form.method = "post";
  form.action = link.href;
  form.append(token.cloneNode());
  document.body.append(form);
  form.submit();
});

// Buttons that change something are links in the theme: send them as a POST with the page's token.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-post]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const token = document.querySelector("input[name=csrfmiddlewaretoken]");
  if (!token) return; // without a token the link's own page asks first
  event.preventDefault();
  if (link.dataset.sent) return; // a double click is one click
  link.dataset.sent = "true";
  link.setAttribute("aria-busy", "true");
  const form = document.createElement("form");
  form.method = "post";
  form.action = link.href;
  form.append(token.cloneNode());
  document.body.append(form);
  form.submit();
});
// The theme expects its own text box beside every file field, and stumbles where there is none: plain ones are kept from it.
document.addEventListener("change", (event) => {
  const input = event.target;
  if (input.type !== "file") return;
  if (!input.parentNode?.parentNode?.parentNode?.querySelector("input[type=text]")) event.stopPropagation();
}, true);
// The theme's boxes to search in are named after what they hold; here after what they are for, too.
const nameBoxes = () => {
  for (const container of document.querySelectorAll("select.select2-hidden-accessible + .select2-container")) {
    const select = container.previousElementSibling;
    const name = select.getAttribute("aria-label") || select.labels[0]?.textContent.trim();
    const box = container.querySelector("[role=combobox]");
    if (!name || !box) continue;
    const held = container.querySelector(".select2-selection__rendered");
    held?.removeAttribute("role"); // it cannot be written in: the box around it is the field
    held?.removeAttribute("aria-readonly");
    box.id ||= `${select.id}-box`;
    box.setAttribute("aria-label", name);
    box.setAttribute("aria-labelledby", held?.id ? `${box.id} ${held.id}` : box.id);
    container.querySelector(".select2-search__field")?.setAttribute("aria-label", name);
  }
  document.querySelectorAll(".help-tooltip[aria-label]:not([role])").forEach((hint) => hint.setAttribute("role", "img"));
};
window.addEventListener("load", () => setTimeout(nameBoxes));
document.addEventListener("formset:added", () => setTimeout(nameBoxes));

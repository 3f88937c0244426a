// Small things every part of the page needs: words, elements, requests, messages to the person at the screen.
export const facts = JSON.parse(document.getElementById("facts").textContent);
export const word = (key) => facts.words[key] ?? key;
export const byId = (id) => document.getElementById(id);

/** An element: el("button", {class: "main", onclick: go}, "text", other). Text is always text, never markup. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function toast(title, hint = "", isError = false) {
  const box = el("div", { class: isError ? "toast error" : "toast" }, el("b", {}, title), hint && el("span", {}, hint));
  const stack = byId("toasts");
  stack.append(box);
  // A popover shown anew stands above an open dialog, which would otherwise cover the words.
  if (stack.matches(":popover-open")) stack.hidePopover();
  stack.showPopover();
  setTimeout(() => box.remove(), isError ? 7000 : 3000);
}

/** JSON in and out. Throws after telling the person what happened and what to do. */
export async function call(method, address, body) {
  let response;
  try {
    response = await fetch(address, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
    });
  } catch (error) {
    toast(word("error"), word("offline_hint"), true);
    throw error;
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    toast(answer.error || `${word("error")} (${response.status})`, answer.hint || "", true);
    throw new Error(answer.error || String(response.status));
  }
  return answer;
}

/** Run something that takes a moment with its button disabled, so that nobody taps twice. */
export async function busy(button, work) {
  if (button) button.disabled = true;
  try {
    return await work();
  } catch (error) {
    console.warn(error);
    return undefined;
  } finally {
    if (button) button.disabled = false;
  }
}

export const timeOf = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString(facts.language, { hour: "2-digit", minute: "2-digit" });
export const dayOf = (seconds) =>
  new Date(seconds * 1000).toLocaleDateString(facts.language, { weekday: "long", day: "numeric", month: "long" });

const dialog = byId("sheet");
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
export const closeSheet = () => dialog.close();

/** A sheet from the bottom (a dialog on wide screens). */
export function sheet(title, ...children) {
  const cancel = el("button", { type: "button", class: "second", onclick: closeSheet }, word("close"));
  dialog.replaceChildren(el("div", { class: "sheet" }, el("h2", {}, title), ...children, el("div", { class: "pair end" }, cancel)));
  if (!dialog.open) dialog.showModal();
}

export const choice = (title, small, onclick) =>
  el("button", { type: "button", class: "choice", onclick }, title, small ? el("small", {}, small) : null);

export function face(person) {
  const initials = person.name.split(/\s+/).filter(Boolean).slice(0, 2).map((part) => part[0].toUpperCase()).join("");
  const colour = [...person.number].reduce((sum, sign) => sum + sign.charCodeAt(0), 0) % 6;
  return { initials: initials || "?", colour: `c${colour}` };
}

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
  new Date(seconds * 1000).toLocaleTimeString(facts.language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
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

const ICONS = {
  photo: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.500 9.500h.01",
  document: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20c1-4 4-6 8-6s7 2 8 6",
  pin: "M12 21s7-6 7-11a7 7 0 1 0-14 0c0 5 7 11 7 11zM12 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  play: "M4 5h16v14H4zM10 9l5 3-5 3z",
  sound: "M12 4v10M9 4h6v8a3 3 0 0 1-6 0zM6 11a6 6 0 0 0 12 0M12 17v4",
  list: "M5 7h14M5 12h14M5 17h14",
  reply: "M9 8 5 12l4 4M5 12h9a5 5 0 0 1 5 5v1",
  forward: "M15 8l4 4-4 4M19 12h-9a5 5 0 0 0-5 5v1",
  copy: "M9 9h11v11H9zM5 15V4h11",
  pencil: "M4 20l1-4L16 5l3 3L8 19z",
  bin: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  heart: "M12 20S4 15 4 9a4 4 0 0 1 8-1 4 4 0 0 1 8 1c0 6-8 11-8 11z",
};

/** A line drawing: the same on every machine, where emoji depend on what fonts it has. */
export function icon(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["class", "icon"], ["aria-hidden", "true"]]) drawing.setAttribute(key, value);
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}

export const choice = (title, small, onclick, drawing = null) =>
  el("button", { type: "button", class: "choice", onclick }, drawing && icon(drawing), title, small ? el("small", {}, small) : null);

export function face(person) {
  const initials = person.name.split(/\s+/).filter(Boolean).slice(0, 2).map((part) => part[0].toUpperCase()).join("");
  const colour = [...person.number].reduce((sum, sign) => sum + sign.charCodeAt(0), 0) % 6;
  return { initials: initials || "?", colour: `c${colour}` };
}

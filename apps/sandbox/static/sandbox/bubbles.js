// How one message looks.
import { el, icon, sheet, choice, closeSheet, timeOf, toast, word } from "./tools.js";

const HIDDEN = new Set(["reaction", "edit", "revoke"]);
export const isShown = (message) => !HIDDEN.has(message.kind);

/** One row of the chat. `act` holds what a person may do: tap, menu, send, quoteOf, jump. */
export function bubble(message, act) {
  const mine = message.from === "person";
  const inner = message.deleted ? [el("p", { class: "gone" }, word("deleted"))] : parts(message, act);
  const box = el("div", { class: "bubble" }, inner, meta(message, mine));
  const reactions = Object.values(message.reactions).join(" ");
  const stack = el("div", { class: "stack" }, box, reactions && el("span", { class: "reaction" }, reactions), !mine && taps(message, act));
  const more = el("button", { type: "button", class: "more", "aria-label": word("menu"), onclick: () => act.menu(message) }, "⋯");
  if (message.deleted) more.hidden = true;
  const row = el("li", { class: mine ? "row me" : "row", "data-wamid": message.wamid }, mine ? [more, stack] : [stack, more]);
  holdToOpen(row, () => !message.deleted && act.menu(message));
  return row;
}

function holdToOpen(row, open) {
  let timer = 0;
  row.addEventListener("touchstart", () => (timer = setTimeout(open, 550)), { passive: true });
  for (const name of ["touchend", "touchmove", "touchcancel"]) row.addEventListener(name, () => clearTimeout(timer), { passive: true });
}

function parts(message, act) {
  const quoted = message.context ? act.quoteOf(message.context) : null;
  const header = message.header;
  return [
    message.forwarded && el("p", { class: "mark" }, icon("forward"), word("forwarded")),
    quoted && el("button", { type: "button", class: "quote", onclick: () => act.jump(message.context) }, quoted),
    header?.type === "text" && el("p", { class: "head" }, header.text),
    header?.media && mediaPart(header.media),
    message.media && mediaPart(message.media),
    message.location && place(message.location),
    message.contacts && message.contacts.map(contactCard),
    message.text && el("p", { class: "text" }, ...rich(message.text)),
    message.footer && el("p", { class: "foot" }, message.footer),
  ];
}

/** WhatsApp's own marks: *bold*, _italic_, ~struck~. Built as elements, so nothing a person types becomes markup. */
function rich(text) {
  const tags = { "*": "b", _: "i", "~": "s" };
  const pieces = [];
  let last = 0;
  for (const match of text.matchAll(/(?<![\p{L}\p{N}])([*_~])(\S(?:[^\n]*?\S)?)\1(?![\p{L}\p{N}])/gu)) {
    pieces.push(text.slice(last, match.index), el(tags[match[1]], {}, match[2]));
    last = match.index + match[0].length;
  }
  return [...pieces, text.slice(last)];
}

function mediaPart(media) {
  const source = media.id ? `/media/${encodeURIComponent(media.id)}` : media.link;
  const isPicture = media.id && media.kind === "image";
  const name = media.filename || word(media.kind);
  if (media.id && (media.kind === "audio" || media.kind === "video")) return el(media.kind, { class: media.kind, controls: true, preload: "metadata", src: source, "aria-label": name });
  if (media.id && media.kind === "sticker") return el("img", { class: "sticker", src: source, alt: word("sticker"), width: 128, height: 128 });
  if (isPicture) return el("a", { href: source, target: "_blank", rel: "noopener" }, el("img", { class: "picture", src: source, alt: word("photo_alt"), width: 300 }));
  const drawing = { image: "photo", video: "play", audio: "sound", sticker: "photo" }[media.kind] || "document";
  const safe = /^(https?:|\/media\/)/.test(source || "");
  return el(safe ? "a" : "div", { class: "card", href: safe ? source : null, target: "_blank", rel: "noopener" },
    icon(drawing), el("span", {}, el("b", {}, media.filename || media.kind), el("small", {}, media.mime_type || media.link || "")));
}

function place(location) {
  return el("div", {}, el("div", { class: "map", "aria-hidden": "true" }, icon("pin")),
    el("b", {}, location.name || word("view_map")),
    el("div", {}, el("small", {}, location.address || `${Number(location.latitude).toFixed(4)}, ${Number(location.longitude).toFixed(4)}`)));
}

const contactCard = (card) => el("div", { class: "card" }, icon("person"),
  el("span", {}, el("b", {}, card.name?.formatted_name || ""), el("small", {}, card.phones?.[0]?.phone || "")));

function meta(message, mine) {
  const read = message.statuses.some((one) => one.status === "read");
  const failed = message.statuses.find((one) => one.status === "failed");
  return el("div", { class: "meta" },
    message.template && el("span", { class: "tag" }, `${word("template")} · ${message.template.name}`),
    message.edited && el("span", {}, word("edited")),
    failed && el("span", { class: "bad" }, `${word("not_sent")} (${failed.code})`),
    el("time", {}, timeOf(message.at)),
    mine && el("span", { class: read ? "ticks read" : "ticks", title: read ? word("all_read") : "" }, "✓✓"));
}

function taps(message, act) {
  if (message.deleted) return null;
  const buttons = message.buttons.map((button) => tapButton(message, button, act));
  if (message.list) buttons.push(el("button", { type: "button", onclick: () => listSheet(message, act) }, icon("list"), message.list.button));
  if (message.asks === "location") buttons.push(el("button", { type: "button", onclick: () => act.askPlace(message) }, icon("pin"), word("location_ask")));
  if (message.asks === "contact") buttons.push(el("button", { type: "button", onclick: () => act.send({ type: "contacts", reply_to: message.wamid }) }, icon("person"), word("contact_ask")));
  return buttons.length ? el("div", { class: "taps" }, buttons) : null;
}

function tapButton(message, button, act) {
  if (button.kind === "url" && /^https?:/.test(button.url || "")) {
    return el("a", { href: button.url, target: "_blank", rel: "noopener" }, `↗ ${button.title}`);
  }
  if (button.kind === "reply" || button.kind === "quick_reply") {
    return el("button", { type: "button", onclick: (event) => act.tap(message, { payload: button.id }, event.currentTarget) }, button.title);
  }
  return el("button", { type: "button", onclick: () => toast(button.title, button.kind === "flow" ? word("flow_hint2") : "") }, button.title);
}

function listSheet(message, act) {
  const sections = message.list.sections.flatMap((section) => [
    section.title ? el("h3", {}, section.title) : null,
    ...section.rows.map((row) => choice(row.title, row.description, (event) => {
      closeSheet();
      act.tap(message, { payload: row.id }, event.currentTarget);
    })),
  ]);
  sheet(message.list.button, ...sections);
}

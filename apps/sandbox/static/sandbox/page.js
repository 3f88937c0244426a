// The page: who there is, which chat is open, and what just happened (server-sent events).
import { bubble, isShown } from "./bubbles.js";
import { attachSheet, forwardSheet, menuSheet, personSheet, placeSheet, templatesSheet } from "./panels.js";
import { isTroubled, troubleSheet } from "./trouble.js";
import { busy, byId, call, dayOf, el, face, facts, icon, timeOf, toast, word } from "./tools.js";

const TAIL = 200;
const FILE_MAX = 16 * 1024 * 1024;
const state = { phones: [], numbers: [], clock: null, at: 0, open: null, number: null, messages: [], atEnd: true, reply: null, edit: null };

const person = () => state.phones.find((one) => one.number === state.open);
const chatOf = (one) => one?.chats.find((chat) => chat.number === state.number);

// --- people ---------------------------------------------------------------------------------------------------------
async function loadState() {
  const fresh = await call("GET", "/api/state");
  Object.assign(state, { phones: fresh.phones, numbers: fresh.numbers });
  setClock(fresh.clock);
  state.number = state.numbers.some((one) => one.phone_number_id === state.number) ? state.number : state.numbers[0]?.phone_number_id;
  byId("pending").textContent = fresh.pending;
  byId("pending").hidden = !fresh.pending;
  byId("trouble-dot").hidden = !isTroubled(fresh.trouble);
  drawPeople();
  drawHead();
}

function drawPeople() {
  const wanted = byId("search").value.trim().toLowerCase();
  const rows = state.phones.filter((one) => `${one.name} ${one.number}`.toLowerCase().includes(wanted));
  const list = byId("people");
  if (!state.phones.length) {
    list.replaceChildren(el("li", { class: "empty" }, el("div", { class: "empty-mark", "aria-hidden": true }, icon("person")), el("h2", {}, word("no_phones")),
      el("p", {}, word("no_phones_hint")), el("button", { type: "button", class: "main", onclick: addPerson }, word("add_person"))));
    return;
  }
  list.replaceChildren(...rows.map(personRow));
}

function personRow(one) {
  const { initials, colour } = face(one);
  const latest = [...one.chats].sort((a, b) => (b.last_at || 0) - (a.last_at || 0))[0];
  return el("li", {}, el("button", { type: "button", "aria-current": one.number === state.open ? "true" : null, onclick: () => openChat(one.number) },
    el("span", { class: `face ${colour}`, "aria-hidden": true }, initials),
    el("span", { class: "who" }, el("span", { class: "line1" }, el("strong", {}, one.name), el("span", { class: "tag" }, one.language.toUpperCase()),
      one.hide_number && el("span", { class: "tag" }, word("hidden")), !one.has_whatsapp && el("span", { class: "tag bad" }, word("no_whatsapp"))),
    el("span", { class: "line2" }, latest?.last || one.number)),
    el("span", { class: "side" }, latest?.last_at ? timeOf(latest.last_at) : "", one.unread ? el("b", { class: "count" }, String(one.unread)) : "")));
}

const addPerson = () => personSheet(async (number) => { await loadState(); openChat(number); });

// --- chat -----------------------------------------------------------------------------------------------------------
async function openChat(number) {
  if (!state.numbers.length) return toast(word("no_number"), word("no_number_hint"), true);
  state.open = number;
  clearQuote();
  document.body.classList.add("in-chat");
  history.replaceState(null, "", `#${number}`);
  byId("nobody").hidden = true;
  byId("chat").hidden = false;
  state.messages = [];
  drawPeople();
  drawHead();
  await loadMessages(true);
  if (matchMedia("(hover: hover)").matches) byId("text").focus();
}

function closeChat() {
  state.open = null;
  document.body.classList.remove("in-chat");
  history.replaceState(null, "", location.pathname + location.search);
  byId("nobody").hidden = false;
  byId("chat").hidden = true;
  drawPeople();
}

function drawHead() {
  const one = person();
  if (!one) return;
  const chat = chatOf(one);
  const { initials, colour } = face(one);
  byId("who-face").textContent = initials;
  byId("who-face").className = `face ${colour}`;
  byId("who-name").textContent = one.name;
  byId("who-state").replaceChildren(el("span", { class: "digits" }, `${one.number} · `),
    chat?.blocked ? word("blocked") : word(chat?.window_open ? "window_open" : "window_closed"));
  byId("block").textContent = word(chat?.blocked ? "unblock" : "block");
  const picker = byId("numbers");
  picker.replaceChildren(...state.numbers.map((row) => el("option", { value: row.phone_number_id, selected: row.phone_number_id === state.number }, row.name)));
  picker.hidden = state.numbers.length < 2;
}

async function loadMessages(jump = false) {
  const [open, number] = [state.open, state.number];
  if (!open) return;
  const answer = await call("GET", `/api/phones/${open}/messages?number=${encodeURIComponent(number)}&tail=${TAIL}`);
  if (open !== state.open || number !== state.number) return;
  state.messages = answer.messages;
  drawMessages(jump);
  // Looking at a chat is reading it; a page in the background reads nothing.
  if (chatOf(person())?.unread && !document.hidden) call("POST", "/api/read", { phone: open, number }).then(loadState).catch(console.warn);
}

function drawMessages(jump) {
  const list = byId("messages");
  const atEnd = jump || list.scrollHeight - list.scrollTop - list.clientHeight < 90;
  const shown = state.messages.filter(isShown);
  if (!shown.length) {
    list.replaceChildren(el("li", { class: "empty" }, el("div", { class: "empty-mark", "aria-hidden": true }, icon("document")), el("h2", {}, word("empty_chat")), el("p", {}, word("empty_chat_hint"))));
    return;
  }
  // Rows that did not change keep their element, so that nothing flickers and focus stays.
  const old = new Map([...list.children].map((row) => [row.dataset.print, row]));
  const rows = [];
  let day = "";
  for (const message of shown) {
    if (dayOf(message.at) !== day) {
      day = dayOf(message.at);
      rows.push(el("li", { class: "day" }, day));
    }
    const print = JSON.stringify(message);
    const row = old.get(print) || bubble(message, act);
    row.dataset.print = print;
    rows.push(row);
  }
  list.replaceChildren(...rows);
  state.atEnd = atEnd;
  if (atEnd) list.scrollTop = list.scrollHeight;
}

const send = (spec, button) => busy(button, async () => {
  await call("POST", `/api/phones/${state.open}/send`, { number: state.number, ...spec });
  await loadMessages(true);
  return true;
});

const act = {
  send,
  tap: (message, which, button) => send({ type: "tap", message_id: message.wamid, ...which }, button),
  menu: (message) => menuSheet(message, act),
  reply: (message) => quote(message, "reply"),
  edit: (message) => quote(message, "edit"),
  react: (message, emoji) => send({ type: "reaction", message_id: message.wamid, emoji: message.reactions.person === emoji ? "" : emoji }),
  remove: (message) => send({ type: "revoke", message_id: message.wamid }),
  forward: (message) => forwardSheet(message, state.number, state.phones.filter((one) => one.number !== state.open)),
  askPlace: (message) => placeSheet(message, send),
  quoteOf: (wamid) => {
    const found = state.messages.find((one) => one.wamid === wamid);
    return found ? (found.deleted ? word("deleted") : found.text || found.media?.filename || found.kind) : null;
  },
  jump: (wamid) => byId("messages").querySelector(`[data-wamid="${CSS.escape(wamid)}"]`)?.scrollIntoView({ block: "center", behavior: "smooth" }),
};

function quote(message, how) {
  clearQuote();
  state[how] = message;
  byId("quoting").hidden = false;
  byId("quoting").firstElementChild.textContent = how === "edit" ? word("editing") : `${word("replying")}: ${message.text || message.kind}`;
  if (how === "edit") byId("text").value = message.text;
  byId("text").focus();
}

function clearQuote() {
  if (state.edit) byId("text").value = "";
  state.reply = state.edit = null;
  byId("quoting").hidden = true;
}

// --- composing ------------------------------------------------------------------------------------------------------
async function submitText(event) {
  event.preventDefault();
  const text = byId("text").value.trim();
  if (!text) return;
  const spec = state.edit ? { type: "edit", message_id: state.edit.wamid, text } : { type: "text", text, reply_to: state.reply?.wamid };
  if (!(await send(spec, byId("compose").querySelector(".go")))) return;
  byId("text").value = "";
  clearQuote();
  grow();
}

function grow() {
  const text = byId("text");
  text.rows = Math.min(5, text.value.split("\n").length);
}

const kindOf = (file) => ["image", "video", "audio"].find((kind) => file.type.startsWith(`${kind}/`) && file.type !== "image/svg+xml") || "document";

function sendFile(event) {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  if (file.size > FILE_MAX) return toast(word("too_big"), word("too_big_hint"), true);
  const reader = new FileReader();
  reader.onload = () => send({
    type: kindOf(file), file_b64: reader.result.split(",")[1], mime_type: file.type || "application/octet-stream",
    name: file.name, caption: byId("text").value.trim(), reply_to: state.reply?.wamid,
  }).then((done) => {
    if (!done) return;
    byId("text").value = "";
    clearQuote();
  });
  reader.readAsDataURL(file);
}

// --- clock and news -------------------------------------------------------------------------------------------------
function setClock(clock) {
  state.clock = clock.now;
  state.at = performance.now();
  drawClock();
}

function drawClock() {
  if (state.clock === null) return;
  const isNarrow = matchMedia("(max-width: 760px)").matches;
  const day = isNarrow ? { day: "2-digit", month: "2-digit" } : { weekday: "short", day: "numeric", month: "short" };
  const now = new Date((state.clock + (performance.now() - state.at) / 1000) * 1000);
  byId("now").textContent = now.toLocaleString(facts.language, { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  byId("now").dateTime = now.toISOString();
}

/** Run at most every `pause` ms, and once more at the end: a burst of news is one reload. */
function gently(work, pause) {
  let timer = 0;
  return () => {
    timer ||= setTimeout(() => {
      timer = 0;
      work().catch(console.warn);
    }, pause);
  };
}
const refreshState = gently(loadState, 250);
const refreshChat = gently(async () => {
  await loadState();
  await loadMessages();
}, 120);

function onNews(event) {
  const news = JSON.parse(event.data);
  if (news.kind === "webhook") return;
  if (news.kind === "reset") location.reload();
  const isHere = news.phone === state.open && news.number === state.number;
  if (news.kind === "typing" && isHere) showTyping();
  if (news.kind === "message" || news.kind === "chat" || news.kind === "typing") return (news.phone === state.open ? refreshChat : refreshState)();
  refreshState();
}

let typingTimer = 0;
function showTyping() {
  const list = byId("messages");
  list.querySelector(".typing")?.remove();
  list.append(el("li", { class: "typing" }, `${state.numbers.find((one) => one.phone_number_id === state.number)?.name ?? ""} ${word("typing")}`));
  list.scrollTop = list.scrollHeight;
  clearTimeout(typingTimer);
  // WhatsApp shows it for 25 seconds, or until the answer comes.
  typingTimer = setTimeout(() => list.querySelector(".typing")?.remove(), 25000);
}

function listen() {
  const source = new EventSource("/events");
  let wasLost = false;
  source.onmessage = onNews;
  source.onerror = () => {
    wasLost = true;
    byId("lost").hidden = false;
    // A browser gives up for good when the answer was an error; then we begin again ourselves.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
  source.onopen = () => {
    byId("lost").hidden = true;
    if (wasLost) refreshChat();
  };
}

// --- start ----------------------------------------------------------------------------------------------------------
byId("search").addEventListener("input", drawPeople);
byId("add-person").addEventListener("click", addPerson);
byId("back").addEventListener("click", closeChat);
byId("compose").addEventListener("submit", submitText);
byId("text").addEventListener("input", grow);
byId("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submitText(event);
  if (event.key === "Escape") clearQuote();
});
byId("attach").addEventListener("click", () => attachSheet(send));
byId("file").addEventListener("change", sendFile);
// A picture gets its height only when it has come: whoever stood at the end stays there.
byId("messages").addEventListener("load", () => state.atEnd && (byId("messages").scrollTop = byId("messages").scrollHeight), true);
byId("messages").addEventListener("wheel", () => (state.atEnd = false), { passive: true });
byId("messages").addEventListener("touchmove", () => (state.atEnd = false), { passive: true });
byId("quoting").querySelector("button").addEventListener("click", clearQuote);
byId("open-trouble").addEventListener("click", (event) => busy(event.currentTarget, () => troubleSheet(person())));
byId("open-templates").addEventListener("click", (event) => busy(event.currentTarget, templatesSheet));
byId("numbers").addEventListener("change", (event) => {
  state.number = event.target.value;
  drawHead();
  loadMessages(true).catch(console.warn);
});
byId("block").addEventListener("click", (event) => busy(event.currentTarget, async () => {
  await call("POST", `/api/phones/${state.open}/block`, { number: state.number, blocked: !chatOf(person())?.blocked });
  await loadState();
}));
for (const button of document.querySelectorAll("[data-wind]")) {
  button.addEventListener("click", () => busy(button, async () => setClock(await call("POST", "/api/clock/wind", { seconds: Number(button.dataset.wind) }))));
}
document.addEventListener("visibilitychange", () => !document.hidden && refreshChat());
setInterval(drawClock, 1000);
listen();
loadState().then(() => {
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (state.phones.some((one) => one.number === wanted)) openChat(wanted);
}).catch(console.warn);

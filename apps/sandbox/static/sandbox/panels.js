// The sheets: attach, menu of a message, forward, add a person, trouble, templates.
import { busy, byId, call, choice, closeSheet, el, facts, sheet, toast, word } from "./tools.js";

const field = (label, input) => el("label", { class: "wide" }, label, input);

export function attachSheet(send) {
  const pick = (spec) => () => (closeSheet(), send(spec));
  const latitude = el("input", { type: "number", step: "any", required: true, min: -90, max: 90, placeholder: word("latitude"), "aria-label": word("latitude") });
  const longitude = el("input", { type: "number", step: "any", required: true, min: -180, max: 180, placeholder: word("longitude"), "aria-label": word("longitude") });
  const own = (event) => {
    event.preventDefault();
    closeSheet();
    send({ type: "location", latitude: latitude.value, longitude: longitude.value });
  };
  sheet(word("attach"),
    el("h3", {}, word("sample_photos")),
    el("div", { class: "thumbs" }, facts.pictures.map((name) => el("button", { type: "button", title: name, onclick: pick({ type: "image", sample: name }) },
      el("img", { src: `/samples/${name}.png`, alt: name, width: 120, height: 90 })))),
    choice(word("photo"), "", () => (closeSheet(), byId("file").click()), "photo"),
    choice(word("document"), "", pick({ type: "document", sample: "pdf" }), "document"),
    choice(word("voice"), "", pick({ type: "audio", sample: "voice" }), "sound"),
    choice(word("sticker"), "", pick({ type: "sticker", sample: "sticker" }), "heart"),
    choice(word("contact"), "", pick({ type: "contacts" }), "person"),
    ...placeParts(pick),
    el("form", { class: "pair", onsubmit: own }, latitude, longitude, el("button", { class: "second" }, word("own_place"))));
}

function placeParts(pick, extra = {}) {
  return [el("h3", {}, word("places")),
    ...Object.entries(facts.places).map(([key, name]) => choice(name, "", pick({ type: "location", sample: key, ...extra }), "pin"))];
}

export function placeSheet(message, send) {
  sheet(word("location_ask"), ...placeParts((spec) => () => (closeSheet(), send(spec)), { reply_to: message.wamid }));
}

const EMOJI = ["👍", "❤️", "😂", "😮", "🙏", "✅"];

export function menuSheet(message, act) {
  const mine = message.from === "person";
  const go = (work) => () => (closeSheet(), work(message));
  sheet(word("menu"),
    choice(word("reply"), "", go(act.reply), "reply"),
    el("div", { class: "emoji", role: "group", "aria-label": word("react") },
      EMOJI.map((emoji) => el("button", { type: "button", "aria-pressed": String(message.reactions.person === emoji), onclick: () => (closeSheet(), act.react(message, emoji)) }, emoji))),
    choice(word("forward"), "", () => act.forward(message), "forward"),
    message.text ? choice(word("copy"), "", go(() => navigator.clipboard?.writeText(message.text)), "copy") : null,
    mine && message.kind === "text" ? choice(word("edit"), "", go(act.edit), "pencil") : null,
    mine ? choice(word("delete"), "", go(act.remove), "bin") : null);
}

export function forwardSheet(message, number, people) {
  sheet(word("forward_to"), ...people.map((person) => choice(person.name, person.number, (event) => busy(event.currentTarget, async () => {
    await call("POST", `/api/phones/${person.number}/forward`, { number, message_id: message.wamid });
    closeSheet();
    toast(`${word("forwarded")}: ${person.name}`);
  }))));
}

export function personSheet(opened) {
  const name = el("input", { required: true, autocomplete: "off" });
  const phone = el("input", { required: true, inputmode: "tel", placeholder: "+5511987654321", pattern: "\\+[0-9]{7,15}" });
  const language = el("select", {}, ["en", "pt", "es"].map((code) => el("option", { value: code, selected: code === facts.language }, code)));
  const save = (event) => {
    event.preventDefault();
    busy(event.submitter, async () => {
      await call("PUT", `/api/phones/${phone.value.trim()}`, { name: name.value.trim(), language: language.value });
      closeSheet();
      opened(phone.value.trim());
    });
  };
  sheet(word("add_person"), el("form", { class: "sheet", onsubmit: save },
    field(word("name"), name), field(word("phone"), phone), field(word("language"), language), el("button", { class: "main" }, word("save"))));
}

export async function templatesSheet() {
  const { templates } = await call("GET", "/api/templates");
  const decide = (template, status) => (event) => busy(event.currentTarget, async () => {
    await call("POST", `/api/templates/${template.id}/status`, { status, reason: status === "REJECTED" ? "INVALID_FORMAT" : "NONE" });
    await templatesSheet();
  });
  const judge = (template, verdict) => (event) => busy(event.currentTarget, async () => {
    await call("POST", `/api/templates/${template.id}/change`, verdict);
    await templatesSheet();
  });
  const button = (template, status, label) => template.status !== status
    && el("button", { type: "button", class: "second", onclick: decide(template, status) }, word(label));
  const waitingFirst = [...templates].sort((a, b) => (b.status === "PENDING") - (a.status === "PENDING"));
  sheet(word("templates"), el("p", {}, templates.length ? word("templates_hint") : word("no_templates")),
    ...waitingFirst.map((template) => el("div", { class: "row-card" },
      el("div", { class: "line1" }, el("strong", {}, template.name), el("span", { class: "tag" }, template.language),
        el("small", { class: `state-${template.status}` }, template.status), el("small", {}, template.category)),
      el("small", {}, template.text),
      el("div", { class: "pair" }, button(template, "APPROVED", "approve"), button(template, "REJECTED", "reject"), button(template, "PAUSED", "pause"),
        template.category !== "MARKETING" && el("button", { type: "button", class: "second", onclick: judge(template, { category: "MARKETING" }) }, word("recategorise")),
        el("button", { type: "button", class: "second", onclick: judge(template, { quality: "RED" }) }, word("bad_quality"))))));
}

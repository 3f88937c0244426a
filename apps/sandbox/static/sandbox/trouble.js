// The sheet of trouble: what WhatsApp does wrong from now on.
import { busy, call, closeSheet, el, facts, sheet, toast, word } from "./tools.js";

// [field, words, largest]; a largest of 1 is a chance.
const GROUPS = [
  ["trouble_answers", [["down_seconds", "down", 86400], ["storm_seconds", "storm", 86400], ["storm_retry_after", "storm_after", 86400],
    ["slow_ms", "slow", 60000], ["answer_late_ms", "answer_late", 60000], ["lose_answers", "lose", 100000]]],
  ["trouble_reports", [["status_late_seconds", "status_late", 86400], ["status_shuffle_seconds", "shuffle", 3600], ["duplicates", "duplicates", 1],
    ["reads", "reads", 1], ["batch", "batch", 1000], ["hold_webhooks", "hold"]]],
  ["trouble_account", [["bad_token", "bad_token"], ["revoke_after", "revoke", 1000000]]],
  ["trouble_media", [["media_slow_ms", "media_slow", 60000], ["media_damaged", "media_damaged", 10000], ["media_gone", "media_gone", 10000]]],
];
const WELL = { down_seconds: 0, storm_seconds: 0, storm_retry_after: 0, slow_ms: 0, answer_late_ms: 0, lose_answers: 0, status_late_seconds: 0,
  status_shuffle_seconds: 0, reads: 0, bad_token: false, revoke_after: 0, hold_webhooks: false, media_slow_ms: 0, media_damaged: 0, media_gone: 0,
  next_answers: {}, chances: {}, people: {} };

/** Whether anything of all this is on: the dot beside the button. */
export const isTroubled = (now) => Object.entries(WELL).some(([key, calm]) =>
  typeof calm === "object" ? Object.values(now[key]).some((one) => one > (key === "people" ? Date.now() / 1000 : 0)) : now[key] !== calm);

export async function troubleSheet(phone) {
  const now = await call("GET", "/api/trouble");
  const inputs = {};
  const line = ([key, label, largest]) => {
    inputs[key] = largest === undefined ? el("input", { type: "checkbox", checked: now[key] })
      : el("input", { type: "number", min: key === "batch" ? 1 : 0, max: largest, step: "any", value: now[key] });
    return el("label", {}, word(label), inputs[key]);
  };
  const set = (event, wanted, said) => busy(event.submitter || event.currentTarget, async () => {
    await call("PUT", "/api/trouble", wanted);
    closeSheet();
    toast(said);
  });
  const apply = (event) => {
    event.preventDefault();
    const wanted = {};
    for (const [key, input] of Object.entries(inputs)) wanted[key] = input.type === "checkbox" ? input.checked : Number(input.value);
    set(event, wanted, word("applied"));
  };
  sheet(word("trouble"), el("p", {}, word("trouble_hint")),
    el("form", { class: "sheet", onsubmit: apply },
      GROUPS.flatMap(([title, fields]) => [el("h3", {}, word(title)), ...fields.map(line)]),
      el("div", { class: "pair end" },
        el("button", { type: "button", class: "second", onclick: (event) => set(event, WELL, word("cleared")) }, word("clear")),
        el("button", { class: "main" }, word("apply")))),
    ...oddParts(now), ...personParts(phone));
}

/** One button each: the next answer to a send is this one. The number beside it says how many are still to come. */
function oddParts(now) {
  const next = { ...now.next_answers };
  const more = (name, mark) => (event) => busy(event.currentTarget, async () => {
    next[name] = (next[name] ?? 0) + 1;
    await call("PUT", "/api/trouble", { next_answers: next });
    mark.textContent = next[name];
  });
  return [el("h3", {}, word("next_answer")), el("div", { class: "pair" }, facts.oddities.map((name) => {
    const mark = el("b", {}, next[name] || "");
    return el("button", { type: "button", class: "second", onclick: more(name, mark) }, `${word(`odd_${name}`)} `, mark);
  }))];
}

function personParts(phone) {
  if (!phone) return [];
  const limit = (seconds) => (event) => busy(event.currentTarget, async () => {
    await call("POST", `/api/phones/${phone.number}/limit`, { seconds });
    toast(word(seconds ? "person_limited" : "person_free"), phone.name);
  });
  return [el("h3", {}, `${word("trouble_person")}: ${phone.name}`), el("div", { class: "pair" },
    el("button", { type: "button", class: "second", onclick: limit(600) }, word("limit_person")),
    el("button", { type: "button", class: "second", onclick: limit(0) }, word("free_person")))];
}

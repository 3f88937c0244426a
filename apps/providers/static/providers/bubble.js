// Bubbles follow what is typed: names in braces show their examples, *bold* _italic_ ~gone~ and ```code``` look as on a phone.
(() => {
  const MARKS = [["```", "code"], ["*", "strong"], ["_", "em"], ["~", "s"]];

  const samplesOf = (bubble) => {
    const holder = bubble.dataset.samples ? bubble : document.querySelector("[data-samples]");
    try {
      return JSON.parse(holder?.dataset.samples || "{}");
    } catch {
      return {};
    }
  };

  const filled = (text, samples) =>
    text.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (whole, name) => (Object.hasOwn(samples, name) ? samples[name] : whole));

  // Text only ever becomes text nodes: what somebody types is never read as HTML.
  const append = (parent, text) => {
    for (const [mark, tag] of MARKS) {
      const from = text.indexOf(mark);
      const to = from < 0 ? -1 : text.indexOf(mark, from + mark.length);
      const inner = to < 0 ? "" : text.slice(from + mark.length, to);
      if (!inner.trim() || inner.includes("\n\n")) continue;
      const styled = document.createElement(tag);
      append(styled, inner);
      append(parent, text.slice(0, from));
      parent.append(styled);
      append(parent, text.slice(to + mark.length));
      return;
    }
    parent.append(document.createTextNode(text));
  };

  const write = (bubble, part, text) => {
    const place = bubble.querySelector(`[data-part=${part}]`);
    place.replaceChildren();
    if (part === "body") append(place, text);
    else place.textContent = text;
  };

  const follow = (bubble) => {
    const prefix = bubble.dataset.bubbleOf;
    const field = (name) => document.querySelector(`[name="${CSS.escape(prefix)}-${name}"]`);
    if (!field("body")) return false;
    const draw = () => {
      const samples = samplesOf(bubble);
      for (const part of ["header", "body", "footer"]) write(bubble, part, filled(field(part)?.value ?? "", samples));
      const titles = [1, 2, 3].map((number) => field(`title_${number}`)?.value.trim()).filter(Boolean);
      bubble.querySelector("[data-part=titles]").replaceChildren(
        ...titles.map((title) => {
          const shown = document.createElement("span");
          shown.className = "wa-title";
          shown.textContent = title;
          return shown;
        }),
      );
    };
    draw();
    for (const name of ["header", "body", "footer", "title_1", "title_2", "title_3"]) field(name)?.addEventListener("input", draw);
    return true;
  };

  const begin = (root) => {
    for (const bubble of root.querySelectorAll(".wa-bubble")) {
      if (bubble.dataset.bubbleOf && follow(bubble)) continue;
      write(bubble, "body", bubble.querySelector("[data-part=body]").textContent);
    }
  };

  document.addEventListener("DOMContentLoaded", () => begin(document));
  // "Add another": Django copies an empty form; its bubble learns which form it stands in.
  document.addEventListener("formset:added", (event) => {
    const body = event.target.querySelector("[name$='-body']");
    const bubble = event.target.querySelector(".wa-bubble");
    if (!body || !bubble) return;
    bubble.dataset.bubbleOf = body.name.replace(/-body$/, "");
    follow(bubble);
  });
})();

// How satisfied was the shopper: asked once after a resolution, one to five stars, a note if they like.

import { h, icon } from "./dom.js";

/** The card. `done(stars, note)` sends, `skip()` puts it away. */
export function ratingCard(w, done, skip) {
  let stars = 0;
  const says = h("p.says", { "aria-live": "polite" });
  const note = h("textarea", { rows: "2", maxlength: "300", "aria-label": w("rating.note"), placeholder: w("rating.note") });
  const send = h("button.send-rating", { type: "submit", disabled: true }, w("rating.send"));
  const choices = w.all("rating.stars").map((text, at) => {
    const n = at + 1;
    const input = h("input", { type: "radio", name: "stars", value: String(n),
      "aria-label": w("rating.star", { n, says: text }), onchange: () => choose(n, text) });
    return h("label", { title: text }, input, icon("star"));
  });
  const more = h("div.more", { hidden: true }, note);

  function choose(n, text) {
    stars = n;
    choices.forEach((it, at) => it.classList.toggle("lit", at < n));
    says.textContent = text;
    more.hidden = false;
    send.disabled = false;
    card.scrollIntoView({ block: "nearest" });
  }

  const card = h("form.rating", { onsubmit: (e) => { e.preventDefault(); if (stars) done(stars, note.value.trim()); } },
    h("fieldset", {}, h("legend", {}, w("rating.ask")), h("div.stars", {}, choices)), says, more,
    h("div.buttons", {}, h("button.skip", { type: "button", onclick: skip }, w("rating.skip")), send));
  return card;
}

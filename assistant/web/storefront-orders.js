// The orders of the shopper whom the visitor of the demo plays, and one of them.

import { el, fill, link, read, template, yuan } from "./storefront-page.js";

/** The shop's clock, read off the text itself: `2026-11-12T15:40:00+08:00` → `2026-11-12 15:40`. */
const when = (iso) => `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;

/** What was paid, or is to be. */
const total = ({ lines }) => {
  const bought = lines.filter((it) => !it.tags.includes("gift"));
  return yuan(bought.reduce((sum, it) => sum + (it.paid_fen || it.list_fen), 0));
};

function lines(part, { lines: all }) {
  part.querySelector("[data-list=lines]").append(...all.map((it) => {
    const row = template("order-line");
    row.querySelector("img").src = it.picture;
    fill(row, "title", it.title);
    fill(row, "quantity", it.quantity);
    return row;
  }));
}

/** The list of orders. */
export async function orders() {
  const part = template("orders");
  const { orders: all } = await read("/demo/orders.json");
  part.querySelector("[data-list=orders]").append(...all.map((it) => {
    const card = template("order-card");
    card.querySelector("a").href = link(`/demo/o/${encodeURIComponent(it.number)}`);
    fill(card, "date", it.ordered_at.slice(0, 10));
    fill(card, "number", it.number);
    fill(card, "state", it.state);
    fill(card, "total", total(it));
    lines(card, it);
    return card;
  }));
  return part;
}

/** One order: what, when, how much, and where it is. */
export async function order(number) {
  const part = template("order-page");
  const { orders: all } = await read("/demo/orders.json");
  const it = all.find((one) => one.number === number);
  fill(part, "number", it.number);
  fill(part, "state", it.state);
  fill(part, "total", total(it));
  lines(part, it);
  const times = part.querySelector("[data-list=times]");
  for (const [name, says] of Object.entries(times.dataset)) {
    if (!it[name]) continue;
    const row = el("div");
    row.append(el("dt", says), el("dd", when(it[name])));
    times.append(row);
  }
  const track = [...(it.logistics ?? [])].reverse();
  part.querySelector("[data-track]").hidden = track.length === 0;
  part.querySelector("[data-list=track]").append(...track.map(({ at, text }) => {
    const step = el("li");
    step.append(el("span", text), el("time", when(at)));
    return step;
  }));
  return part;
}

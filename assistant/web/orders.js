// 我的订单: the shopper says which order they mean by picking it. A button, and a card with their own orders, newest
// first. The card is a list of buttons: Tab and the arrow keys go through it, Escape puts it away.

import { h, icon } from "./dom.js";

/** `{el, card, show(state)}`. `ask()` fetches the orders, `pick(number)` chooses one, `done()` gives the focus back. */
export function orderPicker(w, { ask, pick, done }) {
  const says = h("span", {}, w("orders.button"));
  const el = h("button.tool.orders", { type: "button", title: w("orders.hint"), "aria-haspopup": "true",
    "aria-expanded": "false", onclick: () => (card.hidden ? open() : close()) }, icon("box"), says);
  const list = h("ul", { role: "list" });
  const note = h("p.note", { role: "status" });
  const card = h("section.order-card", { hidden: true, "aria-label": w("orders.title"), onkeydown: key },
    h("header", {}, h("strong", {}, w("orders.title")),
      h("button.away", { type: "button", "aria-label": w("orders.close"), onclick: () => close() }, icon("close"))),
    note, list);
  let shown = null;
  let picked = null;

  function open() {
    card.hidden = false;
    el.setAttribute("aria-expanded", "true");
    tell(w("orders.loading"));
    shown = null;
    list.replaceChildren();
    ask();
  }

  function close() {
    if (card.hidden) return;
    card.hidden = true;
    el.setAttribute("aria-expanded", "false");
    done();
  }

  function tell(text) {
    if (note.textContent !== text) note.textContent = text;
    note.hidden = !text;
  }

  const buttons = () => [...list.querySelectorAll("button")];

  function key(e) {
    const at = buttons().indexOf(card.getRootNode().activeElement);
    if (e.key === "Escape") close();
    else if (e.key === "ArrowDown") buttons()[Math.min(at + 1, buttons().length - 1)]?.focus();
    else if (e.key === "ArrowUp") buttons()[Math.max(at - 1, 0)]?.focus();
    else return;
    e.preventDefault();
    e.stopPropagation(); // the window stays open
  }

  /** One order: what was bought, how it stands, when, and the end of its number. */
  function row({ number, state, ordered_at: at, titles, count }) {
    const [, month, day] = /^\d{4}-(\d\d)-(\d\d)/.exec(at) ?? [];
    const what = titles[0] ?? w("orders.untitled");
    const more = count > 1 ? w("orders.more", { n: count }) : "";
    const when = month ? w("orders.day", { month: Number(month), day: Number(day) }) : "";
    return h("li", {}, h("button.order", { type: "button", "aria-pressed": String(number === picked),
      onclick: () => pick(number) },
      h("b", {}, what, more), h("span", {}, [state, when, w("orders.tail", { tail: number.slice(-4) })].filter(Boolean).join(" · "))));
  }

  return {
    el,
    card,
    show({ orders, order }) {
      if (order && order !== picked) {
        picked = order;
        says.textContent = w("orders.picked", { tail: order.slice(-4) });
        close();
      }
      if (card.hidden || !orders || orders === shown) return;
      shown = orders;
      tell(orders.length ? "" : w("orders.none"));
      list.replaceChildren(...orders.map(row));
      buttons()[0]?.focus({ preventScroll: true });
    },
  };
}

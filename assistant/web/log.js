// The log: greeting, what was said, who is busy, and the way back down when something new came below.

import { arrange, h, icon, mark } from "./dom.js";
import { rowFor } from "./message.js";
import { ratingCard } from "./rating.js";
import { thinking, timeline } from "./talk.js";

const NEAR_END = 48;
const LONG_THOUGHT = 8_000;

/** `{el, render(state), opened()}`. `starts`: the first questions offered; `rating`: whether and how to ask for stars. */
export function logView(w, act, starts, rating) {
  const list = h("div.list", { role: "log", "aria-live": "off", "aria-label": w("panel.log") });
  const asks = h("div.starts", {}, h("p", {}, w("welcome.ask")), h("div.chips", {}, starts.map(({ label, says }) =>
    h("button.chip", { type: "button", onclick: () => act.pick(says) }, label))));
  const greeting = h("div.greeting", {},
    h("div.row.theirs.assistant.first", {}, h("div.face", { "aria-hidden": "true" }, mark()),
      h("div.said", {}, h("div.name", { "aria-hidden": "true" }, w("who.assistant")),
        h("div.bubble", {}, h("span.text", {}, w("welcome.text"))))),
    h("p.ai-notice", {}, w("welcome.notice")), asks);
  const busyText = h("span", {});
  const busy = h("div.busy", { role: "status", hidden: true },
    h("i.dots", { "aria-hidden": "true" }, h("b"), h("b"), h("b")), busyText);
  const scroller = h("div.scroller", { tabindex: "0", role: "region", "aria-label": w("panel.log") }, greeting, list, busy);
  const pill = h("button.pill", { type: "button", hidden: true, onclick: toEnd }, icon("down"), w("notice.new"));
  const rows = new Map();
  let stick = true;
  let newest = "";
  let history = 0; // the number up to which things were said before this page was opened
  let drawn = 0; // the number of the last event drawn
  let thoughtSince = 0;
  let thoughtTimer = null;
  let card = null;

  scroller.addEventListener("scroll", () => {
    stick = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
    if (stick) pill.hidden = true;
  }, { passive: true });
  new ResizeObserver(() => stick && toEnd()).observe(scroller);

  function toEnd() {
    scroller.scrollTop = scroller.scrollHeight;
    stick = true;
    pill.hidden = true;
  }

  function draw(state, all) {
    const lastSaid = all.findLast((row) => row.by);
    const views = all.map((row) => {
      let view = rows.get(row.key);
      if (!view) rows.set(row.key, (view = rowFor(row, w, act)));
      return view;
    });
    if (rows.size > all.length) {
      const keys = new Set(all.map((row) => row.key));
      for (const key of [...rows.keys()]) if (!keys.has(key)) rows.delete(key);
    }
    all.forEach((row, at) => {
      const { el, update } = views[at];
      update(row, { judged: state.talk.judged, judging: state.judging,
        last: row === lastSaid && state.talk.heldBy === "assistant" });
      el.classList.toggle("first", !!row.by && all[at - 1]?.by !== row.by);
    });
    arrange(list, [...views.map((view) => view.el), ...rate(state)]);
  }

  function rate({ talk, rating: sent }) {
    const due = talk.toRate !== null && !sent && !rating.skipped(talk.toRate);
    if (!due) card = null;
    else if (!card) card = ratingCard(w, rating.done, () => rating.skip(talk.toRate));
    return card ? [card] : [];
  }

  function wait(state, again) {
    const thinks = thinking(state.talk) && state.link === "online";
    if (!thinks) thoughtSince = 0;
    else if (!thoughtSince) {
      thoughtSince = Date.now();
      clearTimeout(thoughtTimer);
      thoughtTimer = setTimeout(again, LONG_THOUGHT);
    }
    const typing = state.typing && state.talk.heldBy === "staff";
    const long = thinks && Date.now() - thoughtSince >= LONG_THOUGHT;
    const says = typing ? w("busy.staff", { name: state.talk.holderName || w("who.staff") })
      : w(long ? "busy.long" : "busy.thinking");
    busy.hidden = !thinks && !typing;
    if (busyText.textContent !== says) busyText.textContent = says;
  }

  /** Stay at the end; who has scrolled up is only told that there is more, and brought down by their own words. */
  function follow(end, old) {
    const now = end ? `${end.key} ${end.text?.length}` : "";
    const more = now !== newest && !old;
    newest = now;
    if (stick || (more && end?.state)) toEnd();
    else if (more && end && end.by !== "shopper") pill.hidden = false;
  }

  return {
    el: h("div.log", {}, scroller, pill),
    opened: toEnd,
    render(state, again) {
      // What was said before this page was opened is drawn at once, not message by message.
      if (rows.size === 0 && state.talk.seq > 0 && state.talk.seq < state.last) return;
      const all = timeline(state.talk, state.outbox);
      if (rows.size === 0) history = state.last;
      const old = drawn < history;
      drawn = state.talk.seq;
      if (old) setTimeout(again); // what comes after the history is spoken
      list.setAttribute("aria-live", old ? "off" : "polite");
      list.classList.toggle("calm", old);
      draw(state, all);
      wait(state, again);
      asks.hidden = all.length > 0;
      follow(all.at(-1), old);
    },
  };
}

// What is always in sight: who answers, how the line is, what went wrong, and the way to a person.
// Each gives `{el, show(state)}`.

import { h, icon } from "./dom.js";
import { unread } from "./talk.js";

const LOST_SHOWN = 1_200;
const BACK_SHOWN = 1_500;
const TROUBLE_SHOWN = 6_000;

/** Set a text only when it changed, so that nothing is announced twice. */
function set(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

/** AI assistant, on the way to a person, or which person. */
export function holder(w) {
  const who = h("span.who");
  const note = h("span.who-note");
  return {
    el: h("p.state", { role: "status" }, who, note),
    show({ talk: { heldBy, holderName: name } }) {
      set(who, heldBy === "staff" && name ? w("who.staff_named", { name }) : w(`who.${heldBy}`));
      set(note, w(`who.${heldBy}_note`));
    },
  };
}

/** 转人工: one press, at any time; then what has become of it. */
export function personButton(w, call) {
  const says = h("span", {}, w("person.call"));
  const el = h("button.tool.person", { type: "button", title: w("person.call_hint") }, icon("person"), says);
  el.addEventListener("click", () => el.ariaDisabled !== "true" && call());
  return {
    el,
    show({ talk: { heldBy }, calling }) {
      const at = heldBy === "queue" ? "waiting" : heldBy === "staff" ? "here" : calling ? "calling" : "call";
      set(says, w(`person.${at}`));
      el.ariaDisabled = String(at !== "call");
    },
  };
}

/** Tells of a lost line once it is more than a blink, and for a moment that it is back. */
export function linkBar(w, wake) {
  const says = h("span", { role: "status" });
  const el = h("div.bar", { hidden: true }, h("i.pulse", { "aria-hidden": "true" }), says,
    h("button", { type: "button", onclick: wake }, w("link.now")));
  let lost = null;
  let wasUp = false;

  function back() {
    clearTimeout(lost);
    lost = null;
    if (el.hidden || el.classList.contains("back")) return;
    el.classList.add("back");
    set(says, w("link.back"));
    setTimeout(() => {
      if (el.classList.contains("back")) el.hidden = true;
      el.classList.remove("back");
    }, BACK_SHOWN);
  }

  return {
    el,
    show({ link }) {
      wasUp ||= link === "online";
      if (link === "online" || link === "idle") return back();
      const offline = navigator.onLine === false;
      set(says, w(offline ? "link.offline" : link === "waiting" || wasUp ? "link.waiting" : "link.connecting"));
      el.classList.remove("back");
      lost ??= setTimeout(() => { el.hidden = false; }, LOST_SHOWN);
    },
  };
}

/** What the server refused, in its words or ours, for a few seconds. */
export function troubleLine(w) {
  const el = h("div.trouble", { role: "alert", hidden: true });
  let shown = null;
  let timer = null;
  return {
    el,
    show({ trouble }) {
      if (trouble === shown) return;
      shown = trouble;
      clearTimeout(timer);
      el.hidden = !trouble;
      if (!trouble) return;
      const { code, message, retry_after: wait } = trouble;
      const why = w(`error.${code}`) || message || w("error.general");
      set(el, wait === null ? why : w("status.later", { n: Math.ceil(wait) }));
      timer = setTimeout(() => { el.hidden = true; }, TROUBLE_SHOWN);
    },
  };
}

/**
 * Counts what came while the window was closed: on the button, and in the page's title, which is given back.
 * What is seen is kept per browser, so a second tab's count goes down too.
 */
export function unreadCount(w, { seat, seen }, button, badge) {
  let pageTitle = "";
  let ourTitle = null;

  function title(n) {
    if (document.title !== ourTitle) pageTitle = document.title;
    if (n === 0 && ourTitle === null) return;
    const wanted = n ? w("launcher.title", { n, title: pageTitle }) : pageTitle;
    ourTitle = n ? wanted : null;
    if (document.title !== wanted) document.title = wanted;
  }

  return {
    el: badge,
    show({ talk, last }, isOpen) {
      const id = seat.read()?.talk;
      const kept = seen.read();
      const read = kept && kept.talk === id ? kept.seq : 0;
      const looking = isOpen && document.visibilityState === "visible";
      if (looking && talk.seq > read && talk.seq >= last) seen.write({ talk: id, seq: talk.seq });
      const n = isOpen ? 0 : unread(talk, read);
      badge.hidden = n === 0;
      set(badge, n > 99 ? "99+" : String(n));
      button.setAttribute("aria-label", [w("launcher.open"), n && w("launcher.unread", { n })].filter(Boolean).join(" "));
      title(n);
    },
  };
}

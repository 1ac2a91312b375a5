// One row of the log: something said, with what hangs on it. A row is made once and then only brought up to date,
// so a streamed answer settles in place.

import { arrange, h, icon, mark, rich } from "./dom.js";
import { moment } from "./words.js";
import { verdictCard } from "./verdict.js";

let made = 0;

/** The row object for `row` of `timeline()`: `{el, update(row, now)}`. `act` is what its buttons do. */
export function rowFor(row, w, act) {
  if (row.kind === "time") return still(h("div.time", {}, h("time", { datetime: row.at }, moment(w, row.at))));
  if (row.by === "shopper") return shopperRow(row, w, act);
  if (row.by) return otherRow(row, w, act);
  return still(noticeRow(row, w));
}

const still = (el) => ({ el, update() {} });

function noticeRow(row, w) {
  const text = row.kind === "claimed" && !row.name ? w("notice.claimed_nameless")
    : w(`notice.${row.kind}`, { name: row.name, n: row.stars });
  return h(`div.notice.${row.kind}`, {}, h("span", {}, text));
}

const spokenBy = (w, name) => h("span.hidden", {}, w("who.said", { who: name }));

function shopperRow(first, w, act) {
  const status = h("div.status");
  const text = h("span.text", {}, first.text);
  const el = h("div.row.mine", {}, h("div.bubble", {}, spokenBy(w, w("who.shopper")), text), status);
  let shown = null;
  return {
    el,
    update(row) {
      if (text.textContent !== row.text) text.textContent = row.text; // the server strips what cannot be seen
      const is = row.state ?? "stored";
      if (is === shown) return;
      shown = is;
      status.className = `status ${is}`;
      if (is === "unsent" || is === "refused") {
        status.replaceChildren(icon("warn"), h("span", {}, w("status.unsent")),
          h("button.retry", { type: "button", onclick: act.retry }, w("status.retry")));
      } else {
        const sending = is === "sending";
        const says = w(sending ? "status.sending" : "status.sent");
        status.replaceChildren(icon(sending ? "clock" : "check"), h("span.hidden", {}, says));
        status.title = says;
      }
    },
  };
}

function otherRow(first, w, act) {
  const staff = first.by === "staff";
  const who = !staff ? w("who.assistant") : first.name ? w("who.staff_named", { name: first.name }) : w("who.staff");
  const text = h("span.text");
  const extra = h("div.extra");
  const below = h("div.below");
  const el = h(`div.row.theirs.${first.by}`, {},
    h("div.face", { "aria-hidden": "true" }, staff ? [...(first.name || who)][0] : mark()),
    h("div.said", {},
      h("div.name", { "aria-hidden": "true" }, who),
      h("div.bubble", {}, spokenBy(w, who), text, extra), below));
  let written = "";
  let settled = false;
  const feedback = feedbackFor(w, act);
  let chips = null;

  function write(whole) {
    if (whole === written) return;
    if (whole.startsWith(written)) {
      // What comes is an element of its own: a screen reader hears it once, and what stands does not move.
      text.append(h("span.sentence", {}, rich(whole.slice(written.length))));
    } else text.replaceChildren(...rich(whole));
    written = whole;
  }

  return {
    el,
    update(row, now) {
      write(row.text);
      el.classList.toggle("live", row.kind === "live");
      el.classList.toggle("bare", !written);
      if (row.kind === "message" && !settled) {
        settled = true;
        if (row.verdict) extra.append(...[verdictCard(row.verdict, w)].filter(Boolean));
        if (row.cites.length) extra.append(citesFor(row.cites, w));
        const useful = row.by === "assistant" && (row.action === "answer" || row.action === "decline");
        if (useful) below.append(feedback.el);
      }
      feedback.update(row.seq, now.judging[row.seq] ?? now.judged[row.seq]);
      const wanted = now.last && row.kind === "message" && row.suggestions.length > 0;
      if (wanted && !chips) below.append((chips = suggestionsFor(row.suggestions, act)));
      if (!wanted && chips) chips = chips.remove() ?? null;
    },
  };
}

function suggestionsFor(options, act) {
  return h("div.chips", {}, options.map(({ label, says }) =>
    h("button.chip", { type: "button", onclick: () => act.pick(says) }, label)));
}

function citesFor(cites, w) {
  const id = `q${++made}`;
  const quotes = h("div.quotes", { id });
  let open = null;
  const buttons = cites.map((cite, at) => {
    const n = at + 1;
    const title = cite.title || w("cites.untitled");
    const button = h("button.cite", { type: "button", "aria-expanded": "false", "aria-controls": id,
      "aria-label": w("cites.open", { n, title }) }, h("b", {}, String(n)), h("span", {}, title));
    button.onclick = () => {
      const closing = open === at;
      open = closing ? null : at;
      buttons.forEach((it, i) => it.setAttribute("aria-expanded", String(i === open)));
      arrange(quotes, closing ? [] : [quoteOf(cite, title, w)]);
      if (!closing) quotes.firstChild.scrollIntoView({ block: "nearest" });
    };
    return button;
  });
  return h("div.cites", {}, h("span.from", {}, w("cites.from")), buttons, quotes);
}

function quoteOf(cite, title, w) {
  return h("section.quote", { "aria-label": title },
    h("h4", {}, title),
    cite.quote && h("blockquote", {}, cite.quote),
    h("p", {}, h("span", {}, w("cites.source")), place(cite.source, w)));
}

/** `faq.xlsx#Sheet1!12` in a reader's words; what has another shape is shown as it stands. */
export function place(source, w) {
  const page = /^(.+)#p(\d+)$/.exec(source);
  if (page) return w("cites.page", { file: page[1], n: page[2] });
  const row = /^(.+)#(?:(.+)!)?(\d+)$/.exec(source);
  if (row) return w(row[2] ? "cites.sheet" : "cites.row", { file: row[1], sheet: row[2], n: row[3] });
  const rule = /^(.+)@(\w+)$/.exec(source);
  if (rule) return w("cites.rule", { rule: rule[1], n: rule[2] });
  return source;
}

function feedbackFor(w, act) {
  let seq = null;
  const button = (helpful) => {
    const says = w(helpful ? "feedback.helpful" : "feedback.unhelpful");
    return h(`button.thumb${helpful ? "" : ".not"}`, { type: "button", "aria-pressed": "false", "aria-label": says,
      title: says, onclick: () => act.judge(seq, helpful) }, icon("up"));
  };
  const yes = button(true);
  const no = button(false);
  const thanks = h("span.thanks", { role: "status" });
  let shown;
  return {
    el: h("div.feedback", { role: "group", "aria-label": w("feedback.ask") }, yes, no, thanks),
    update(number, helpful) {
      seq = number;
      if (helpful === shown) return;
      shown = helpful;
      yes.setAttribute("aria-pressed", String(helpful === true));
      no.setAttribute("aria-pressed", String(helpful === false));
      thanks.textContent = w(helpful ? "feedback.thanks" : "feedback.sorry");
    },
  };
}

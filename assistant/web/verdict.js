// The verdict card: what the rules decided, as figures and dates beside the words. Draws what it knows, skips the rest.

import { h, icon } from "./dom.js";

const SAYS = new Set(["allow", "allow_with_deduction", "deny", "need_info", "human"]);

/** The card, or null when there is nothing to show. `verdict` as in the contract, section 5. */
export function verdictCard(verdict, w) {
  if (!SAYS.has(verdict?.says)) return null;
  const facts = [
    [w("verdict.remedies"), names(verdict.remedies, w)],
    [w("verdict.deadline"), deadline(verdict.deadline, w)],
    [w("verdict.amount"), yuan(verdict.amount_fen)],
    [w("verdict.freight"), verdict.freight && w(`verdict.freight_by.${verdict.freight}`)],
    [w("verdict.alternatives"), alternatives(verdict.alternatives, w)],
  ].filter(([, says]) => says);
  return h(`section.verdict.${verdict.says}`, { "aria-label": w("verdict.title") },
    h("header", {}, icon(verdict.says.startsWith("allow") ? "check" : "warn"), w(`verdict.says.${verdict.says}`)),
    facts.length > 0 && h("dl", {}, facts.map(([name, says]) => h("div", {}, h("dt", {}, name), h("dd", {}, says)))),
    more(w("verdict.reasons"), listOf(verdict.reasons).map((it) => it?.text ?? it)),
    more(w("verdict.working"), listOf(verdict.working)));
}

const listOf = (it) => (Array.isArray(it) ? it : []);

const names = (remedies, w) =>
  listOf(remedies).map((it) => w(`verdict.remedy.${it}`) || String(it)).join(" · ");

const alternatives = (others, w) =>
  [...new Set(listOf(others).filter((it) => it?.says?.startsWith?.("allow")).map((it) => names(it.remedies, w)))]
    .filter(Boolean).join(" · ");

/** 12950 → ¥129.50. */
const yuan = (fen) =>
  Number.isInteger(fen) ? `¥${Math.trunc(fen / 100)}${fen % 100 ? `.${String(fen % 100).padStart(2, "0")}` : ""}` : "";

/** The day of the shop, read off the text itself: the browser may be in another zone. */
function deadline(iso, w) {
  const [, month, day, time] = /^\d{4}-(\d\d)-(\d\d)T(\d\d:\d\d)/.exec(iso ?? "") ?? [];
  if (!month) return "";
  const slots = { month: Number(month), day: Number(day), time };
  return w(time === "23:59" ? "verdict.deadline_midnight" : "verdict.deadline_until", slots);
}

function more(title, lines) {
  const told = lines.filter((it) => typeof it === "string" && it);
  if (!told.length) return null;
  return h("details", {}, h("summary", {}, title), h("ul", {}, told.map((it) => h("li", {}, it))));
}

// The words the shopper reads. They live in prompts/widget.yaml; this file only fetches and fills them.

/** Fill `{slots}`; a slot's own text is data and is never searched for slots. */
export const fill = (text, slots = {}) => text.replace(/\{(\w+)\}/g, (_, name) => String(slots[name] ?? ""));

/** Where a dotted name leads in a table of words, or undefined. */
export const find = (table, path) => path.split(".").reduce((at, step) => at?.[step], table);

/** `w("panel.close")`, `w("busy.staff", {name})`; `w.all(path)` gives a list or a group as it is. */
export function speaker(table) {
  const w = (path, slots) => {
    const text = find(table, path);
    return typeof text === "string" ? fill(text, slots) : "";
  };
  w.all = (path) => find(table, path);
  return w;
}

/** The words in the language of the page. */
export async function loadWords(home, lang) {
  const got = await fetch(new URL(`widget/words.json?lang=${encodeURIComponent(lang)}`, home));
  if (!got.ok) throw new Error(`words.json answered ${got.status}`);
  return speaker(await got.json());
}

/** The shop's moment in the reader's own words: today, yesterday, a day of this year, a date. */
export function moment(w, at, now = new Date()) {
  const then = new Date(at);
  const two = (n) => String(n).padStart(2, "0");
  const slots = {
    year: then.getFullYear(), month: then.getMonth() + 1, day: then.getDate(),
    time: `${two(then.getHours())}:${two(then.getMinutes())}`,
  };
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.ceil((midnight - then) / 86_400_000);
  if (days <= 0) return w("notice.today", slots);
  if (days === 1) return w("notice.yesterday", slots);
  return w(then.getFullYear() === now.getFullYear() ? "notice.day" : "notice.date", slots);
}

// What the demo shop's pages share: templates filled with text, links in the language of the page, prices.

const { lang } = document.documentElement;
const query = lang === "zh-CN" ? "" : `?lang=${encodeURIComponent(lang)}`;

export const link = (path) => path + query;
export const read = async (path) => (await fetch(link(path))).json();
export const template = (id) => document.getElementById(id).content.cloneNode(true);

export function fill(part, name, text) {
  part.querySelectorAll(`[data-fill="${name}"]`).forEach((at) => (at.textContent = text));
}

/** 12950 → 129.50, 12900 → 129. */
export const yuan = (fen) => (fen % 100 ? (fen / 100).toFixed(2) : String(fen / 100));

export function el(tag, text, className) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

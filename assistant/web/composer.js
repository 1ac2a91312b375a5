// Where the shopper writes. Enter sends, Shift+Enter breaks the line; the Enter of an input method does neither.

import { h, icon } from "./dom.js";

const LIMIT = 2000;
const NEAR = 1800;

const length = (text) => [...text].length;

/** `{el, focus(), hint(text)}`. `said(text)` when the shopper sends, `typed()` while they write. */
export function composer(w, { said, typed, draft }) {
  const count = h("span.count", { role: "status", hidden: true });
  const send = h("button.send", { type: "submit", disabled: true, "aria-label": w("compose.send"),
    title: w("compose.send") }, icon("send"));
  const box = h("textarea", { rows: "1", "aria-label": w("compose.label"), placeholder: w("compose.hint"),
    autocomplete: "off", enterkeyhint: "send" });
  box.value = draft.read();

  function look() {
    const n = length(box.value);
    send.disabled = !box.value.trim() || n > LIMIT;
    count.hidden = n < NEAR;
    count.classList.toggle("over", n > LIMIT);
    count.textContent = n > LIMIT ? w("compose.over", { n: n - LIMIT }) : w("compose.left", { n: LIMIT - n });
    box.style.height = "auto";
    if (box.value) box.style.height = `${box.scrollHeight}px`;
  }

  function submit(e) {
    e?.preventDefault();
    if (send.disabled) return;
    const text = box.value.trim();
    box.value = "";
    draft.write("");
    look();
    said(text);
  }

  box.addEventListener("input", () => {
    draft.write(box.value);
    look();
    if (box.value.trim()) typed();
  });
  box.addEventListener("keydown", (e) => {
    // keyCode 229: Safari ends the composition before it tells of the key.
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing && e.keyCode !== 229) submit(e);
  });

  const el = h("form.composer", { onsubmit: submit }, h("div.box", {}, box, send), count);
  return {
    el,
    look,
    focus: () => box.focus({ preventScroll: true }),
    hint: (text) => {
      if (box.placeholder !== text) box.placeholder = text;
    },
  };
}

// Small pure pieces of the view: colours that can be read, sources in a reader's words, moments.

import assert from "node:assert/strict";
import test from "node:test";
import { contrast, shades } from "../../assistant/web/colour.js";
import { place } from "../../assistant/web/message.js";
import { fill, moment, speaker } from "../../assistant/web/words.js";

const rgb = (css) => css.match(/\d+/g).map(Number);

test("whatever colour a shop chooses, white text on it can be read", () => {
  for (const hex of ["#fff", "#ff0", "#ffd400", "#07c160", "#ff5000", "#e1251b", "#000000", "#1C6656", "#abcdef"]) {
    assert.ok(contrast(rgb(shades(hex)["--accent"])) >= 4.5, hex);
  }
});

test("a colour dark enough already is kept as it is; what is no colour is left alone", () => {
  assert.equal(shades("#1c6656")["--accent"], "rgb(28 102 86)");
  for (const odd of [undefined, "", "red", "#12", "url(x)", "#1c6656;color:red"]) assert.equal(shades(odd), null);
});

test("a source is told as a person would look for it", () => {
  const w = speaker({ cites: { page: "{file} p{n}", row: "{file} row {n}", sheet: "{file} {sheet} row {n}", rule: "rule {rule} v{n}" } });
  const told = ["faq.xlsx#Sheet1!12", "faq.csv#12", "policy.pdf#p3", "seven_day@3", "手册.md#退货"].map((it) => place(it, w));
  assert.deepEqual(told, ["faq.xlsx Sheet1 row 12", "faq.csv row 12", "policy.pdf p3", "rule seven_day v3", "手册.md#退货"]);
});

test("a slot's own text is data and is never filled again", () => {
  assert.equal(fill("{name} 说 {text}", { name: "{text}", text: "你好" }), "{text} 说 你好");
});

test("a moment is told the nearer the shorter", () => {
  const w = speaker({ notice: { today: "T {time}", yesterday: "Y {time}", day: "{month}/{day}", date: "{year}/{month}/{day}" } });
  const now = new Date(2026, 10, 22, 9, 30);
  const told = [[2026, 10, 22, 0, 0], [2026, 10, 21, 23, 59], [2026, 10, 20, 12, 0], [2025, 11, 31, 12, 0]]
    .map((when) => moment(w, new Date(...when).toISOString(), now));
  assert.deepEqual(told, ["T 00:00", "Y 23:59", "11/20", "2025/12/31"]);
});

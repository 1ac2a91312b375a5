// The browser's fold and what it draws: numbers decide, replays change nothing, nothing read is taken back.

import assert from "node:assert/strict";
import test from "node:test";
import { EMPTY, after, gap, thinking, timeline, unread } from "../../assistant/web/talk.js";

const at = (minute) => `2026-11-22T10:${String(minute).padStart(2, "0")}:00+08:00`;
const shopper = (text, client_id = `c-${text}`) => ({ kind: "message", by: "shopper", text, client_id });
const assistant = (text, more = {}) => ({ kind: "message", by: "assistant", text, action: "answer", cites: [], ...more });
const part = (text) => ({ kind: "part", text });
const log = (...events) => events.map((event, i) => ({ seq: i + 1, at: at(i), event }));
const fold = (frames, start = EMPTY) => frames.reduce(after, start);
const said = (talk) => timeline(talk).filter((row) => row.kind !== "time").map((row) => row.text ?? row.kind);

const ANSWERED = log(shopper("能退吗"), part("可以。"), part("七天内。"), assistant("可以。七天内。"));

test("a replayed event changes nothing", () => {
  const talk = fold(ANSWERED);
  for (const e of ANSWERED) assert.equal(after(talk, e), talk);
});

test("events in any order end in the same conversation", () => {
  const whole = fold(ANSWERED);
  for (const order of [[3, 2, 1, 0], [0, 2, 1, 3], [1, 0, 3, 2], [0, 0, 2, 2, 1, 3, 3]]) {
    assert.deepEqual(fold(order.map((i) => ANSWERED[i])), whole);
  }
});

test("an early event waits unseen until the one before it is here", () => {
  const talk = fold([ANSWERED[0], ANSWERED[2]]);
  assert.equal(talk.seq, 1);
  assert.ok(gap(talk));
  assert.deepEqual(said(talk), ["能退吗"]);
  assert.ok(!gap(after(talk, ANSWERED[1])));
});

test("a streamed answer settles in the row it was streamed in", () => {
  const live = timeline(fold(ANSWERED.slice(0, 3))).at(-1);
  const settled = timeline(fold(ANSWERED)).at(-1);
  assert.equal(live.kind, "live");
  assert.equal(live.text, "可以。七天内。");
  assert.equal(settled.kind, "message");
  assert.equal(settled.key, live.key);
  assert.equal(settled.text, live.text);
});

test("what was read stays above a question asked in mid-answer, and the rest follows below it", () => {
  const talk = fold(log(shopper("发货呢"), part("两天内发。"), shopper("退货呢"), part("七天内可退。"),
    assistant("两天内发。七天内可退。")));
  assert.deepEqual(said(talk), ["发货呢", "两天内发。", "退货呢", "七天内可退。"]);
  assert.equal(talk.messages.at(-1).text, "两天内发。七天内可退。");
});

test("an answer that is not what was streamed replaces only what is not above a newer question", () => {
  const talk = fold(log(shopper("发货呢"), part("两天内发。"), shopper("退货呢"), assistant("已为您转人工。")));
  assert.deepEqual(said(talk), ["发货呢", "两天内发。", "退货呢", "已为您转人工。"]);
});

test("a person who takes over in mid-answer leaves what was read where it is", () => {
  const talk = fold(log(shopper("能退吗"), part("可以。"), { kind: "handed_over", reason: "anger" }, { kind: "claimed", by: "li" },
    { kind: "message", by: "staff", text: "我来看看", name: "小李" }));
  assert.deepEqual(said(talk), ["能退吗", "可以。", "handed_over", "claimed", "我来看看"]);
  assert.equal(talk.speaking, "");
  assert.equal(talk.heldBy, "staff");
});

test("the assistant thinks from the question to the first sentence, and never while people hold the line", () => {
  const asked = fold(ANSWERED.slice(0, 1));
  assert.ok(thinking(asked));
  assert.ok(!thinking(fold(ANSWERED.slice(0, 2))));
  assert.ok(!thinking(fold(ANSWERED)));
  assert.ok(!thinking(fold(log(shopper("人工"), { kind: "handed_over", reason: "asked_for_person" }, shopper("在吗")))));
});

test("stars are asked for after a resolution and not after they were given", () => {
  const resolved = fold(log(shopper("好了"), { kind: "resolved", by: "li", summary: "" }));
  assert.equal(resolved.toRate, 2);
  const rated = after(resolved, { seq: 3, at: at(3), event: { kind: "rated", stars: 4, note: "" } });
  assert.equal(rated.toRate, null);
  assert.equal(rated.rated, 4);
  assert.equal(after(rated, { seq: 4, at: at(4), event: { kind: "resolved", by: "li" } }).toRate, 4);
  assert.equal(after(rated, { seq: 4, at: at(4), event: { kind: "resolved", by: "li", ask: false } }).toRate, null);
});

test("an event newer than this file counts its number and shows nothing", () => {
  const talk = fold([...ANSWERED, { seq: 5, at: at(5), event: { kind: "from_the_future", text: "?" } }]);
  assert.equal(talk.seq, 5);
  assert.deepEqual(said(talk), said(fold(ANSWERED)));
});

test("unread counts what the other side said after the last number seen", () => {
  const talk = fold(ANSWERED);
  assert.equal(unread(talk, 0), 1);
  assert.equal(unread(talk, 4), 0);
});

test("what is on its way stands at the end, once", () => {
  const outbox = [{ client_id: "c-能退吗", text: "能退吗", at: at(0), state: "sending" },
    { client_id: "c-还有", text: "还有", at: at(4), state: "unsent" }];
  const rows = timeline(fold(ANSWERED), outbox);
  assert.deepEqual(rows.filter((row) => row.by === "shopper").map((row) => [row.text, row.state]),
    [["能退吗", undefined], ["还有", "unsent"]]);
  assert.equal(rows.at(-1).text, "还有");
});

test("a row keeps its key from the outbox into the log", () => {
  const sent = timeline(EMPTY, [{ client_id: "c-1", text: "在吗", at: at(0), state: "sending" }]);
  const stored = timeline(fold(log(shopper("在吗", "c-1"))));
  assert.equal(sent.at(-1).key, stored.at(-1).key);
});

test("the time is told at the start and wherever it was quiet for more than five minutes", () => {
  const frames = [0, 1, 7, 8].map((minute, i) => ({ seq: i + 1, at: at(minute), event: shopper(`${i}`) }));
  assert.deepEqual(timeline(fold(frames)).map((row) => row.kind), ["time", "message", "message", "time", "message", "message"]);
});

test("a judgement is remembered by the number of its message", () => {
  const talk = fold([...ANSWERED, { seq: 5, at: at(5), event: { kind: "judged", seq: 4, helpful: false } }]);
  assert.deepEqual(talk.judged, { 4: false });
});

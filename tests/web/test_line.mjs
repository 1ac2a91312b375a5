// The line to the shop, against a scripted socket and a clock turned by hand: said once, stored once, shown once.

import assert from "node:assert/strict";
import test from "node:test";
import { openLine, uuid, waitBefore } from "../../assistant/web/line.js";

/** A browser's side of things: sockets that only do what the test makes them do, timers that run when told. */
function browser({ seat = null, kept = null, alone } = {}) {
  const world = { sockets: [], states: [], seat, kept, time: Date.parse("2026-11-22T10:00:00+08:00"), timers: new Map() };
  let timer = 0;
  world.parts = {
    url: "ws://shop/talk/demo",
    page: { product: "NY-1" },
    seat: { read: () => world.seat, write: (to) => (world.seat = to) },
    kept: { read: () => world.kept, write: (to) => (world.kept = structuredClone(to)) },
    socket: (url) => {
      const ws = { url, sent: [], closed: false, send: (text) => ws.sent.push(JSON.parse(text)),
        close: () => { if (!ws.closed) { ws.closed = true; ws.onclose?.(); } } };
      world.sockets.push(ws);
      return ws;
    },
    changed: (state) => world.states.push(state),
    now: () => world.time,
    random: () => 0.5,
    later: (work, ms) => (world.timers.set(++timer, { work, due: world.time + ms }), timer),
    never: (id) => world.timers.delete(id),
    ...(alone && { alone }),
  };
  world.pass = (ms) => {
    world.time += ms;
    for (const [id, { work, due }] of [...world.timers]) {
      if (due <= world.time && world.timers.delete(id)) work();
    }
  };
  world.line = openLine(world.parts);
  Object.defineProperty(world, "ws", { get: () => world.sockets.at(-1) });
  world.hear = (frame) => world.ws.onmessage({ data: JSON.stringify(frame) });
  world.up = (welcome = {}) => {
    world.ws.onopen();
    world.hear({ type: "welcome", talk: "t1", token: "k1", last: 0, held_by: "assistant", resumed: world.seat !== null, ...welcome });
  };
  world.tell = (seq, event) => world.hear({ type: "event", seq, at: "2026-11-22T10:00:00+08:00", event });
  world.sentOf = (type) => world.ws.sent.filter((frame) => frame.type === type);
  return world;
}

const stored = (text, client_id) => ({ kind: "message", by: "shopper", text, client_id });

function talking() {
  const world = browser();
  world.line.open();
  world.up();
  return world;
}

test("a new visitor says hello without a token and keeps the one they get", () => {
  const world = talking();
  assert.deepEqual(world.ws.sent, [{ type: "hello", token: null, after: 0, page: { product: "NY-1" } }]);
  assert.deepEqual(world.seat, { talk: "t1", token: "k1" });
  assert.equal(world.line.state.link, "online");
});

test("what was not acknowledged is sent again after a reconnect, with the same id, in order", () => {
  const world = talking();
  const first = world.line.say("一");
  world.hear({ type: "ack", client_id: first, seq: 1 });
  world.tell(1, stored("一", first));
  const second = world.line.say("二");
  const third = world.line.say("三");
  world.ws.close();
  world.pass(300);
  world.up();
  assert.deepEqual(world.ws.sent[0], { type: "hello", token: "k1", after: 1, page: { product: "NY-1" } });
  assert.deepEqual(world.sentOf("say").map((it) => [it.client_id, it.text]), [[second, "二"], [third, "三"]]);
});

test("an acknowledged message is not sent again, and leaves the outbox only when it is seen in the log", () => {
  const world = talking();
  const id = world.line.say("在吗");
  world.hear({ type: "ack", client_id: id, seq: 1 });
  assert.equal(world.line.state.outbox[0].state, "sent");
  world.ws.close();
  world.pass(300);
  world.up();
  assert.deepEqual(world.sentOf("say"), []);
  world.tell(1, stored("在吗", id));
  assert.deepEqual(world.line.state.outbox, []);
});

test("what a tab had not got through survives its reload", () => {
  const before = talking();
  const id = before.line.say("没发出去");
  const world = browser({ seat: before.seat, kept: before.kept });
  world.line.open();
  world.up();
  assert.deepEqual(world.sentOf("say").map((it) => it.client_id), [id]);
});

test("the wait before each try lies between nothing and a ceiling that doubles from 0.5 s to 30 s", () => {
  for (let tries = 0; tries < 40; tries += 1) {
    const ceiling = Math.min(30_000, 500 * 2 ** tries);
    assert.equal(waitBefore(tries, () => 0), 0);
    assert.equal(waitBefore(tries, () => 1), ceiling);
    const some = waitBefore(tries);
    assert.ok(some >= 0 && some <= ceiling);
  }
});

test("the wait grows while the server stays away and starts over once it is back", () => {
  const world = talking();
  const waits = [];
  const lose = () => {
    const from = world.time;
    world.ws.close();
    const due = [...world.timers.values()].map((it) => it.due - from).sort((a, b) => a - b)[0];
    waits.push(due);
    world.pass(due);
  };
  for (let i = 0; i < 4; i += 1) lose();
  assert.deepEqual(waits, [250, 500, 1000, 2000]);
  world.up();
  lose();
  assert.equal(waits.at(-1), 250);
});

test("a number that stays missing is asked for again from the last one held", () => {
  const world = talking();
  world.tell(1, stored("在吗", "c1"));
  world.tell(3, { kind: "part", text: "二" });
  world.pass(2_999);
  assert.equal(world.sockets.length, 1);
  world.pass(1);
  world.up({ resumed: true });
  assert.equal(world.ws.sent[0].after, 1);
});

test("without an acknowledgement for ten seconds the line is dead, whatever the socket says", () => {
  const world = talking();
  const id = world.line.say("在吗");
  world.pass(10_000);
  assert.equal(world.line.state.outbox[0].state, "unsent");
  assert.ok(world.sockets[0].closed);
  world.pass(500);
  world.up();
  assert.deepEqual(world.sentOf("say").map((it) => it.client_id), [id]);
  assert.equal(world.line.state.outbox[0].state, "sending");
});

test("a message is shown as unsent after ten seconds also while every try to reconnect fails", () => {
  const world = talking();
  world.ws.close();
  world.line.say("在吗");
  for (let i = 0; i < 22; i += 1) {
    world.pass(500);
    if (!world.ws.closed) world.ws.close();
  }
  assert.equal(world.line.state.outbox[0].state, "unsent");
});

test("a token that opens nothing begins a new conversation, and takes along what was not stored", () => {
  const world = talking();
  world.tell(1, stored("旧的", "c1"));
  world.ws.close();
  const id = world.line.say("新的");
  world.pass(300);
  world.ws.onopen();
  world.hear({ type: "error", code: "bad_token", message: "…" });
  assert.equal(world.seat, null);
  assert.equal(world.line.state.trouble.code, "new_talk");
  world.up({ talk: "t2", token: "k2", resumed: false });
  assert.equal(world.ws.sent[0].token, null);
  assert.deepEqual(world.line.state.talk.shown, []);
  assert.deepEqual(world.sentOf("say").map((it) => it.client_id), [id]);
});

test("a server that cannot resume tells everything again, and nothing shows twice", () => {
  const world = talking();
  world.tell(1, stored("一", "c1"));
  world.tell(2, stored("二", "c2"));
  world.ws.close();
  world.pass(300);
  world.up({ last: 1, resumed: false });
  world.tell(1, stored("一", "c1"));
  assert.deepEqual(world.line.state.talk.messages.map((it) => it.text), ["一"]);
});

test("too fast: the message waits as long as the server says and goes out by itself", () => {
  const world = talking();
  const id = world.line.say("快");
  world.hear({ type: "error", code: "too_fast", message: "…", retry_after: 3, client_id: id });
  assert.equal(world.line.state.outbox[0].state, "unsent");
  world.pass(3_000);
  assert.deepEqual(world.sentOf("say").map((it) => it.client_id), [id, id]);
  assert.equal(world.line.state.trouble, null);
});

test("a refused message is not sent again by itself, only when the shopper asks", () => {
  const world = talking();
  const id = world.line.say("不行");
  world.hear({ type: "error", code: "too_long", message: "…", client_id: id });
  world.ws.close();
  world.pass(300);
  world.up();
  assert.deepEqual(world.sentOf("say"), []);
  world.line.retry();
  assert.deepEqual(world.sentOf("say").map((it) => it.client_id), [id]);
});

test("of two tabs opened at once only one asks for a token; the other waits and joins", async () => {
  let turn = Promise.resolve();
  const alone = (work) => (turn = turn.then(work));
  const one = browser({ alone });
  const two = browser({ alone });
  two.parts.seat.read = () => one.seat; // one browser, one storage
  one.line.open();
  two.line.open();
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(two.sockets.length, 0);
  one.up();
  await new Promise((done) => setImmediate(done));
  two.ws.onopen();
  assert.equal(two.ws.sent[0].token, "k1");
});

test("a tab joins the conversation another tab has begun, and only when it is another one", () => {
  const world = talking();
  world.line.join({ talk: "t1", token: "k1" });
  assert.equal(world.sockets.length, 1);
  world.seat = { talk: "t2", token: "k2" };
  world.line.join(world.seat);
  world.up({ talk: "t2", token: "k2", resumed: true });
  assert.deepEqual([world.ws.sent[0].token, world.ws.sent[0].after], ["k2", 0]);
});

test("who is identified goes on under the shop's own token, from the beginning", () => {
  const world = talking();
  world.tell(1, stored("一", "c1"));
  world.line.identify("signed");
  world.ws.onopen();
  assert.deepEqual([world.ws.sent[0].token, world.ws.sent[0].after], ["signed", 0]);
});

test("a person called without a line is called when it is back, and not again once they come", () => {
  const world = talking();
  world.ws.close();
  world.line.callPerson();
  world.up();
  assert.equal(world.sentOf("call_person").length, 1);
  world.tell(1, { kind: "handed_over", reason: "asked_for_person" });
  world.ws.close();
  world.pass(300);
  world.up();
  assert.equal(world.sentOf("call_person").length, 0);
});

test("a judgement and stars given without a line are sent when it is back", () => {
  const world = talking();
  world.ws.close();
  world.line.judge(4, true);
  world.line.rate(5, "好");
  world.pass(300);
  world.up();
  assert.deepEqual(world.sentOf("feedback"), [{ type: "feedback", seq: 4, helpful: true }]);
  assert.deepEqual(world.sentOf("rate"), [{ type: "rate", stars: 5, note: "好" }]);
});

test("saying twice that an answer helped says it once, and changing one's mind says it again", () => {
  const world = talking();
  for (const helpful of [true, true, false, false]) world.line.judge(4, helpful);
  assert.deepEqual(world.sentOf("feedback").map((it) => it.helpful), [true, false]);
});

test("typing is told at most every three seconds", () => {
  const world = talking();
  for (let i = 0; i < 10; i += 1) {
    world.line.typed();
    world.pass(1_000);
  }
  assert.equal(world.sentOf("typing").length, 4);
});

test("frames that are no JSON or of a type not known change nothing", () => {
  const world = talking();
  const before = world.line.state;
  world.ws.onmessage({ data: "<html>" });
  world.hear({ type: "from_the_future" });
  world.ws.onmessage({ data: "null" });
  assert.equal(world.line.state, before);
});

test("ids are random UUIDs, also where the page is not secure", () => {
  const own = crypto.randomUUID;
  crypto.randomUUID = undefined;
  try {
    const ids = new Set(Array.from({ length: 200 }, uuid));
    assert.equal(ids.size, 200);
    for (const id of ids) assert.match(id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  } finally {
    crypto.randomUUID = own;
  }
});

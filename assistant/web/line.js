// The line to the shop: one WebSocket that resumes where it broke. What the shopper said is kept until the server
// has stored it, and sent again with the same id; the server stores an id once, so nothing is lost or doubled.

import { EMPTY, after, gap } from "./talk.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
/** Without an acknowledgement for this long the line counts as dead, whatever the socket says (milliseconds). */
const NO_ACK = 10_000;
/** A server that does not answer the hello for this long is tried again (milliseconds). */
const NO_WELCOME = 15_000;
/** An event that came early waits this long for the one before it (milliseconds). */
const NO_FILL = 3_000;
const TYPING_SHOWN = 6_000;
const TYPING_SENT = 3_000;

/** Full jitter: anywhere between at once and a ceiling that doubles from half a second to half a minute. */
export const waitBefore = (tries, random = Math.random) =>
  random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(tries, 10));

/** A random UUID, also on plain http where `crypto.randomUUID` does not exist. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  const hex = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * @param {object} parts
 * @param {string} parts.url address of `/talk/{shop}`
 * @param {{product?: string, order?: string}} parts.page what the shopper looks at
 * @param {{read: () => ?{talk: string, token: string}, write: (seat: object) => void}} parts.seat
 *   the conversation this browser holds, shared by its tabs
 * @param {{read: () => ?object, write: (kept: object) => void}} parts.kept what this tab has not got through yet
 * @param {(url: string) => WebSocket} parts.socket
 * @param {(work: () => Promise<void>) => Promise<void>} [parts.alone] runs one tab's work at a time
 * @param {(state: object) => void} parts.changed called after every change, with `line.state`
 */
export function openLine({ url, page = {}, seat, kept, socket, alone = (work) => work(), changed,
  now = Date.now, random = Math.random, later = setTimeout, never = clearTimeout }) {
  const saved = kept.read() ?? {};
  let state = {
    talk: EMPTY,
    /**
     * Said and not yet seen in the log: {client_id, text, at, state}. `sending`; `sent`: stored, its event is coming;
     * `unsent`: goes out again by itself; `refused`: only when the shopper asks for it.
     */
    outbox: saved.outbox ?? [],
    /** idle, connecting, online, waiting (for the next try). */
    link: "idle",
    /** Number of the last event there was when the line came up; up to it the log is history. */
    last: 0,
    typing: null,
    trouble: null,
    /** Asked for a person, and the server has not said so yet. */
    calling: saved.calling ?? false,
    judging: {},
    rating: null,
    /** The orders to pick from, once asked for; and the number of the one picked. */
    orders: null,
    order: null,
  };
  let ws = null;
  let talkId = null;
  let said = null; // the token of the last hello
  let identity = null; // who the shop's server says this is; kept in memory alone
  let tries = 0;
  let typedAt = 0;
  const timers = {};

  const change = (part) => {
    state = { ...state, ...part };
    changed(state);
  };
  let written = "";
  const keep = () => {
    const now = { outbox: state.outbox, calling: state.calling };
    const text = JSON.stringify(now);
    if (text !== written) kept.write(now);
    written = text;
  };
  const arm = (name, ms, work) => {
    never(timers[name]);
    timers[name] = later(work, ms);
  };
  const online = () => state.link === "online";
  const send = (frame) => ws?.send(JSON.stringify(frame));

  function connect() {
    never(timers.retry);
    if (ws) return;
    change({ link: "connecting" });
    // Two tabs opened at once must end up in one conversation: the first to say hello gets it a token.
    if (seat.read()) hello();
    else alone(() => new Promise((done) => hello(done)));
  }

  function hello(done = () => {}) {
    if (ws || state.link !== "connecting") return done();
    arm("welcome", NO_WELCOME, lost);
    const mine = (ws = socket(url));
    mine.onopen = () => {
      said = seat.read()?.token ?? null;
      mine.send(JSON.stringify({ type: "hello", token: said, after: state.talk.seq, page, ...(identity && { identity }) }));
    };
    mine.onmessage = ({ data }) => {
      if (mine !== ws) return;
      const frame = parse(data);
      if (frame?.type in on) on[frame.type](frame);
      if (frame?.type === "welcome") done();
    };
    mine.onclose = () => {
      done();
      if (mine === ws) lost();
    };
  }

  function lost() {
    drop();
    arm("retry", waitBefore(tries++, random), connect);
    change({ link: "waiting", typing: null });
  }

  /** Let go of the socket without waiting for it to close. */
  function drop() {
    const old = ws;
    ws = null;
    for (const name of ["welcome", "fill"]) never(timers[name]);
    old?.close();
  }

  const again = () => {
    drop();
    connect();
  };

  const on = {
    welcome({ talk, token, last, resumed }) {
      never(timers.welcome);
      talkId = talk;
      seat.write({ talk, token });
      // Not resumed: the server tells everything from event 1, so what is on screen starts anew as well.
      if (!resumed && state.talk.seq > 0) begin();
      tries = 0;
      change({ link: "online", last });
      flush();
    },
    event({ seq, at, event }) {
      const talk = after(state.talk, { seq, at, event });
      if (talk === state.talk) return;
      const part = { talk };
      if (event.kind === "message") {
        if (state.outbox.length) part.outbox = state.outbox.filter((it) => it.client_id !== event.client_id);
        if (event.by !== "shopper") part.typing = null;
      }
      if (talk.heldBy !== "assistant") part.calling = false;
      if (event.kind === "rated") part.rating = null;
      change(part);
      keep();
      watchAcks();
      if (gap(talk)) arm("fill", NO_FILL, again);
      else never(timers.fill);
    },
    ack({ client_id }) {
      mark((it) => it.client_id === client_id, "sent");
    },
    orders({ orders }) {
      change({ orders });
    },
    picked({ number }) {
      change({ order: number });
    },
    typing({ by }) {
      change({ typing: { by } });
      arm("typing", TYPING_SHOWN, () => change({ typing: null }));
    },
    error({ code, message, retry_after: wait, client_id }) {
      if (code === "bad_token") return forget();
      if (code === "bad_identity") {
        identity = null; // out of date: go on as a visitor nobody vouches for
        change({ trouble: { code, message, retry_after: null } });
        return again();
      }
      const soon = typeof wait === "number";
      // An error that does not say which message it is about is about the oldest one without an answer.
      const about = client_id ?? state.outbox.find((it) => it.state === "sending")?.client_id;
      mark((it) => it.client_id === about && it.state !== "sent", soon ? "unsent" : "refused");
      change({ trouble: { code, message, retry_after: soon ? wait : null } });
      if (!soon && !about) change({ judging: {}, rating: null }); // it was one of these, and will be again
      if (soon) arm("resend", wait * 1000, () => online() && flush());
    },
  };

  function mark(which, as) {
    if (!state.outbox.some(which)) return;
    change({ outbox: state.outbox.map((it) => (which(it) ? { ...it, state: as } : it)) });
    keep();
    watchAcks();
  }

  /** The token opens nothing any more: go on in a new conversation, or in the one another tab has begun meanwhile. */
  function forget() {
    if (seat.read()?.token === said) seat.write(null);
    talkId = null;
    begin();
    change({ trouble: { code: "new_talk", message: "", retry_after: null } });
    again();
  }

  /** Put another conversation on screen. What was said and is not stored yet goes there. */
  function begin() {
    state = { ...state, talk: EMPTY, judging: {}, rating: null,
      outbox: state.outbox.filter((it) => it.state !== "sent") };
  }

  /** Send whatever the server has not acknowledged, oldest first. */
  function flush() {
    never(timers.resend);
    if (state.trouble?.retry_after) change({ trouble: null });
    mark((it) => it.state === "unsent", "sending");
    for (const { client_id, text, state: is } of state.outbox) {
      if (is === "sending") send({ type: "say", client_id, text });
    }
    if (state.calling) send({ type: "call_person" });
    for (const [seq, helpful] of Object.entries(state.judging)) {
      if (state.talk.judged[seq] !== helpful) send({ type: "feedback", seq: Number(seq), helpful });
    }
    if (state.rating) send({ type: "rate", ...state.rating });
    watchAcks();
  }

  function watchAcks() {
    never(timers.ack);
    if (!state.outbox.some((it) => it.state === "sending")) return;
    timers.ack = later(() => {
      mark((it) => it.state === "sending", "unsent");
      if (online()) lost();
    }, NO_ACK);
  }

  return {
    get state() {
      return state;
    },
    open: connect,
    close() {
      Object.values(timers).forEach(never);
      drop();
      change({ link: "idle" });
    },
    /** Try at once: the network is back, the page is looked at again, the shopper asks for it. */
    wake() {
      if (state.link === "waiting") connect();
    },
    say(text) {
      const it = { client_id: uuid(), text, at: new Date(now()).toISOString(), state: "sending" };
      change({ outbox: [...state.outbox, it] });
      keep();
      if (online()) send({ type: "say", client_id: it.client_id, text });
      else if (state.link === "idle") connect();
      watchAcks();
      return it.client_id;
    },
    /** Send now what did not get through, the refused too: the shopper asks for it. */
    retry() {
      mark((it) => it.state === "refused", "unsent");
      if (online()) flush();
      else again();
    },
    callPerson() {
      change({ calling: true });
      keep();
      if (online()) send({ type: "call_person" });
      else if (state.link !== "connecting") again();
    },
    judge(seq, helpful) {
      if ((state.judging[seq] ?? state.talk.judged[seq]) === helpful) return;
      change({ judging: { ...state.judging, [seq]: helpful } });
      if (online()) send({ type: "feedback", seq, helpful });
    },
    rate(stars, note = "") {
      const rating = note ? { stars, note } : { stars };
      change({ rating });
      if (online()) send({ type: "rate", ...rating });
    },
    typed() {
      if (!online() || now() - typedAt < TYPING_SENT) return;
      typedAt = now();
      send({ type: "typing" });
    },
    /** Continue in the conversation of this token, or go on in this one as who the shop's server says this is. */
    identify(token, who = null) {
      identity = who;
      if (token) {
        seat.write({ talk: null, token });
        talkId = null;
        begin();
      }
      change({ orders: null, order: null });
      if (state.link !== "idle") again();
    },
    askOrders() {
      change({ orders: null });
      if (online()) send({ type: "orders" });
      else if (state.link !== "connecting") again();
    },
    pickOrder(number) {
      if (online()) send({ type: "pick_order", number });
    },
    /** Another tab of this browser holds a conversation now: join it. */
    join(held) {
      if (!held || held.talk === talkId || state.link === "idle") return;
      talkId = null;
      begin();
      again();
    },
  };
}

function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null; // not ours: a frame that is no JSON says nothing
  }
}

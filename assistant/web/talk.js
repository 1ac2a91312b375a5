// The conversation as the shopper sees it: a pure fold over the server's numbered events, and the lines to draw.
// The same meaning as assistant/conversation/state.py; tests/recordings/*.jsonl keeps the two in step.

/**
 * @typedef {{seq: number, at: string, event: {kind: string, [field: string]: any}}} Numbered
 * One event frame. Numbers have no gaps; one that comes early waits in `ahead` until those before it are here.
 */

/** Who holds the line: assistant, queue or staff, and then who (`holderName` is what the shopper calls them). */
const HELD = Object.freeze({ heldBy: "assistant", holder: null, holderName: null, reason: null });

/** A conversation in which nothing has happened yet. */
export const EMPTY = Object.freeze({
  ...HELD,
  seq: 0,
  ahead: Object.freeze({}),
  messages: Object.freeze([]),
  speaking: "",
  pending: Object.freeze([]),
  rated: null,
  judged: Object.freeze({}),
  /** What stands in the log from top to bottom, oldest first. */
  shown: Object.freeze([]),
  /** The answer being said: its sentences not yet settled, and the number of the first. */
  live: null,
  /** How much of `speaking` already stands in the log above something the shopper said meanwhile. */
  settled: 0,
  /** Number of the resolution that waits for a rating. */
  toRate: null,
});

/** The conversation once `e` has happened too. A replayed event changes nothing, an early one waits. */
export function after(talk, e) {
  if (e.seq <= talk.seq || e.seq in talk.ahead) return talk;
  if (e.seq > talk.seq + 1) return { ...talk, ahead: { ...talk.ahead, [e.seq]: e } };
  let now = happened({ ...talk, seq: e.seq }, e);
  while (now.seq + 1 in now.ahead) {
    const { [now.seq + 1]: next, ...ahead } = now.ahead;
    now = happened({ ...now, seq: next.seq, ahead }, next);
  }
  return now;
}

/** Whether an event is missing between what was folded and what has come. */
export const gap = (talk) => Object.keys(talk.ahead).length > 0;

function happened(talk, { seq, at, event }) {
  switch (event.kind) {
    case "message":
      return said(talk, seq, at, event);
    case "part":
      return {
        ...talk,
        speaking: talk.speaking + event.text,
        live: { from: talk.live?.from ?? seq, at, text: (talk.live?.text ?? "") + event.text },
      };
    case "handed_over":
      return notice({ ...settle(talk), ...HELD, heldBy: "queue", reason: event.reason, pending: [] }, seq, at, event.kind);
    case "claimed":
      return notice({ ...settle(talk), ...HELD, heldBy: "staff", holder: event.by, holderName: event.name ?? null,
        reason: talk.reason, pending: [], speaking: "", settled: 0 }, seq, at, event.kind, { name: event.name ?? null });
    case "released":
      return notice({ ...talk, ...HELD }, seq, at, event.kind);
    case "resolved":
      return notice({ ...talk, ...HELD, toRate: event.ask === false ? null : seq }, seq, at, event.kind);
    case "rated":
      return notice({ ...talk, rated: event.stars, toRate: null }, seq, at, event.kind, { stars: event.stars });
    case "judged":
      return { ...talk, judged: { ...talk.judged, [event.seq]: event.helpful } };
    default:
      return talk; // an event newer than this file still counts
  }
}

function said(talk, seq, at, event) {
  const messages = [...talk.messages, { by: event.by, text: event.text }];
  if (event.by === "assistant") return answered(talk, seq, at, event, messages);
  const waiting = event.by === "shopper" && talk.heldBy === "assistant";
  const now = settle(talk);
  const key = event.by === "shopper" && event.client_id ? event.client_id : `m${seq}`;
  return {
    ...now,
    messages,
    holderName: event.by === "staff" ? event.name ?? now.holderName : now.holderName,
    pending: waiting ? [...now.pending, event.text] : [],
    shown: [...now.shown, line(key, seq, at, event, event.text)],
  };
}

function answered(talk, seq, at, event, messages) {
  // What the shopper has read above a newer question of theirs stays there; the rest follows here.
  const read = talk.speaking.slice(0, talk.settled);
  const text = read && event.text.startsWith(read) ? event.text.slice(read.length) : event.text;
  const key = `a${talk.live?.from ?? seq}`;
  return {
    ...talk,
    messages,
    speaking: "",
    settled: 0,
    live: null,
    pending: [],
    shown: [...talk.shown, line(key, seq, at, event, text)],
  };
}

const line = (key, seq, at, event, text) => ({
  key,
  kind: "message",
  seq,
  at,
  by: event.by,
  text,
  name: event.name ?? null,
  action: event.action ?? null,
  cites: event.cites ?? [],
  verdict: event.verdict ?? null,
  suggestions: event.suggestions ?? [],
});

/** The sentences said so far take their place in the log, unfinished, because something else comes below them. */
function settle(talk) {
  if (!talk.live) return talk;
  const fragment = { ...spoken(talk.live), kind: "fragment" };
  return { ...talk, live: null, settled: talk.speaking.length, shown: [...talk.shown, fragment] };
}

const spoken = ({ from, at, text }) => ({ key: `a${from}`, at, by: "assistant", text });

function notice(talk, seq, at, kind, about = {}) {
  return { ...talk, shown: [...talk.shown, { key: `n${seq}`, kind, seq, at, ...about }] };
}

/** Whether the assistant owes an answer and has not begun to give it. */
export const thinking = (talk) => talk.heldBy === "assistant" && talk.pending.length > 0 && !talk.live;

/** How many messages of the other side came after number `read`. */
export const unread = (talk, read) =>
  talk.shown.filter((it) => it.kind === "message" && it.by !== "shopper" && it.seq > read).length;

const QUIET = 5 * 60_000;

/**
 * What to draw, top to bottom: the log, the answer being said, what is still on its way to the server,
 * and the time wherever five minutes passed without a word. `outbox` as in line.js.
 */
export function timeline(talk, outbox = []) {
  const rows = [...talk.shown];
  if (talk.live) rows.push({ ...spoken(talk.live), kind: "live" });
  const stored = new Set(talk.shown.map((it) => it.key));
  for (const it of outbox) {
    if (!stored.has(it.client_id)) {
      rows.push({ key: it.client_id, kind: "message", at: it.at, by: "shopper", text: it.text, state: it.state,
        cites: [], suggestions: [], verdict: null });
    }
  }
  return withTimes(rows);
}

function withTimes(rows) {
  let last = -Infinity;
  return rows.flatMap((row) => {
    const at = Date.parse(row.at);
    const quiet = at - last > QUIET;
    last = Math.max(last, at);
    return quiet ? [{ key: `t${row.key}`, kind: "time", at: row.at }, row] : [row];
  });
}

// The browser's fold as a filter: one JSON list of event frames a line in, one JSON conversation a line out.

import { createInterface } from "node:readline";
import { EMPTY, after } from "../../assistant/web/talk.js";

for await (const line of createInterface({ input: process.stdin })) {
  const talk = JSON.parse(line).reduce(after, EMPTY);
  const { seq, messages, speaking, pending, heldBy, holder, reason, rated } = talk;
  const shown = talk.shown.filter((it) => it.kind === "message" || it.kind === "fragment").map((it) => it.text);
  process.stdout.write(`${JSON.stringify({ seq, messages, speaking, pending, held_by: heldBy, holder, reason, rated, shown })}\n`);
}

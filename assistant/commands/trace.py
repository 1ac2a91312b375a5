"""`trace`: why each answer of a conversation came out as it did."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import orjson

from assistant.conversation.events import Message, Traced
from assistant.conversation.store import Entry
from assistant.settings import read_settings
from assistant.wiring import open_log
from prompts import phrase


async def run(args: argparse.Namespace) -> int:
    """Print the conversation's events with what stood behind each answer."""
    async with open_log(read_settings()) as store:
        await store.head(args.talk)
        entries = await store.read(args.talk, audience="staff")
    if args.json:
        events = [{"seq": e.seq, "at": e.at, "event": orjson.loads(e.body)} for e in entries]
        sys.stdout.buffer.write(orjson.dumps({"talk": args.talk, "events": events}, option=orjson.OPT_INDENT_2) + b"\n")
        return 0
    for entry in entries:
        _print(entry)
    return 0


def _print(entry: Entry) -> None:
    event = entry.event
    if isinstance(event, Message):
        print(f"#{entry.seq} {entry.at} {phrase(f'model.{event.by}')}：{event.text}")
    elif isinstance(event, Traced):
        _print_trace(event)
    elif event.kind != "part":
        print(f"#{entry.seq} {entry.at} {event.kind} {event.model_dump(exclude={'kind'}, exclude_none=True)}")


def _print_trace(trace: Traced) -> None:
    answered: list[dict[str, Any]] = trace.meaning.get("answered", [])
    for ask in answered:
        print("    " + phrase("trace.ask", question=str(ask["question"]), decision=str(ask["decision"])))
    for passage in trace.passages:
        confidence, source = f"{float(passage['confidence']):.2f}", str(passage["source"])
        print("    " + phrase("trace.passage", confidence=confidence, source=source, wording=str(passage["wording"])))
    for stopped in trace.stopped:
        print("    " + phrase("trace.stopped", sentence=stopped["sentence"], problem=stopped["problem"]))
    for fault in trace.faults:
        print("    " + phrase("trace.fault", fault=fault))
    print("    " + phrase("trace.ms", stages=" ".join(f"{name} {ms:g}ms" for name, ms in trace.ms.items())))

"""What is drawn is escaped, every kind of thing that can happen has its words, and nobody pays for pages unseen."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, get_args

import pytest

from assistant.console.bubbles import bubble
from assistant.console.cards import matter, order, verdict
from assistant.console.words import say, table
from assistant.conversation.events import EVENT, STAFF_ONLY, Event, Reason, WaitsOn
from assistant.conversation.store import Entry, TicketState
from assistant.policy.model import Remedy
from assistant.policy.verdict import Payer, Says
from assistant.service.packet import packet

EXAMPLES: list[dict[str, Any]] = [
    {"kind": "message", "by": "shopper", "text": "在吗"},
    {"kind": "part", "text": "您好。"},
    {"kind": "traced", "meaning": {"answered": [{"question": "能退吗", "decision": "answer"}]}, "ms": {"all": 3.0}},
    {"kind": "handed_over", "reason": "asked_for_person"},
    {"kind": "claimed", "by": "li", "name": "客服小李", "given_by": "wang"},
    {"kind": "transferred", "by": "li", "to": None, "note": "请接手"},
    {"kind": "noted", "by": "li", "text": "记一下"},
    {"kind": "released", "by": "li"},
    {"kind": "resolved", "by": "li", "summary": "已办"},
    {"kind": "reopened", "by": "shopper", "ticket": "T1"},
    {"kind": "waiting", "by": "li", "on": "warehouse"},
    {"kind": "promised", "by": "li", "promise": "P1", "text": "回电话", "due": "2026-11-23T04:00:00.000Z"},
    {"kind": "kept", "by": "li", "promise": "P1"},
    {"kind": "raised", "what": "unclaimed", "about": "T1"},
    {"kind": "rated", "stars": 4, "note": "不错"},
    {"kind": "judged", "seq": 3, "helpful": False},
    {"kind": "visited", "product": "NY-DJ01"},
]


def entry(**event: Any) -> Entry:
    made = EVENT.validate_python(event)
    return Entry(
        1, None if made.kind in STAFF_ONLY else 1, "2026-11-22T04:00:00.000Z", made.kind, made.model_dump_json()
    )


def test_every_kind_of_event_is_drawn() -> None:
    kinds = {kind.model_fields["kind"].default for kind in get_args(get_args(Event)[0])}
    assert {example["kind"] for example in EXAMPLES} == kinds
    for example in EXAMPLES:
        assert bool(bubble(entry(**example), "li")) == (example["kind"] != "part"), example


@pytest.mark.parametrize(
    ("group", "closed"),
    [
        ("reason", Reason),
        ("waits_on", WaitsOn),
        ("says", Says),
        ("freight", Payer),
        ("remedy", Remedy),
        ("ticket", TicketState),
    ],
)
def test_every_name_that_comes_with_data_has_its_word(group: str, closed: Any) -> None:
    assert set(get_args(closed)) == set(table(group))


BAD = '<img src=x onerror="alert(1)">'


def test_nothing_that_anybody_writes_becomes_markup() -> None:
    facts = {"number": BAD, "state": BAD, "lines": [{"title": BAD, "quantity": 1}], "logistics": []}
    said = [entry(kind="message", by="shopper", text=BAD), entry(kind="noted", by=BAD, text=BAD)]
    drawn = [
        *(bubble(one, "li") for one in said),
        order(facts, BAD),
        verdict({"says": "deny", "title": BAD, "reasons": [{"text": BAD, "cites": [BAD]}]}, None),
        matter(packet("t1", said)),
    ]
    for html in drawn:
        assert "<img" not in html
        assert "&lt;img" in html


def test_a_wrong_name_or_slot_is_refused() -> None:
    assert say("queue.shopper", id="a1b2") == "顾客 a1b2"
    with pytest.raises(ValueError, match="spare"):
        say("queue.mine", n=3)


def test_a_start_does_not_import_the_pages() -> None:
    seen = "import sys, assistant.wiring, assistant.console.door; print('nicegui' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

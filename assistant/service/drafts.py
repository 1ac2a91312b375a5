"""From a resolved ticket to the shop's knowledge: question and answer as a draft that the merchant accepts or drops."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from assistant.conversation.events import HandedOver, Message
from assistant.conversation.store import Entry, Record, Store
from assistant.errors import HouseError
from assistant.service.stories import after_solving
from assistant.turn.escalate import reasons
from knowledge.catalogue import Catalogue
from knowledge.ingest import prepare, publish
from knowledge.types import IngestReport
from prompts import words

_KIND = "faq_draft"


class NoSuchDraft(HouseError):
    """No draft of this id waits."""

    status = 404
    code = "no_such_draft"
    says = "没有待处理的草稿 {draft}；它可能已被采纳或丢弃"


@dataclass(frozen=True, slots=True)
class Draft:
    """A question shoppers asked a person, and what the person answered."""

    id: str
    """The ticket it comes from."""
    shop: str
    talk: str
    question: str
    answer: str
    by: str
    state: Literal["draft", "accepted", "dropped"]
    at: str
    version: int


def drafted(entries: Sequence[Entry], ticket: str) -> tuple[str, str] | None:
    """The question a ticket was about and what the person answered; None where no person answered anything.

    The question is what the shopper said last before a person was called, a bare call for a person left out; the
    answer is what the person wrote, greetings and all: the merchant edits it before it is knowledge.
    """
    seq = next((e.seq for e in entries if isinstance(e.event, HandedOver) and e.event.ticket == ticket), None)
    if seq is None:
        return None
    before: list[str] = []
    after: list[str] = []
    answer: list[str] = []
    for entry in entries:
        event = entry.event
        if isinstance(event, HandedOver) and entry.seq > seq and event.ticket != ticket:
            break
        if not isinstance(event, Message):
            continue
        if event.by == "staff" and entry.seq > seq:
            answer.append(event.text.strip())
        elif event.by == "shopper" and _asks(event.text):
            (before if entry.seq < seq else after).append(event.text.strip())
    question = before[-1] if before else after[0] if after else ""
    return (question, "\n".join(answer)) if question and answer else None


def _asks(text: str) -> bool:
    """Whether a message can be what a ticket is about: not thanks, not a bare call for a person."""
    if after_solving(text) != "reopens":
        return False
    return not any(f.reason == "asked_for_person" and len(f.span) + 4 >= len(text) for f in reasons(text))


async def offer(store: Store, talk: str, ticket: str, by: str) -> Draft | None:
    """Keep the draft of a resolved ticket; a ticket is offered once, and again only after it was reopened."""
    shop = (await store.head(talk)).shop
    found = drafted(await store.read(talk), ticket)
    if found is None:
        return None
    before = await store.record(_KIND, shop, ticket)
    if before is not None and before.body["state"] != "draft":
        return _draft(before)
    body = {"talk": talk, "question": found[0], "answer": found[1], "by": by, "state": "draft"}
    return _draft(await store.put(_KIND, shop, ticket, body))


async def drafts(store: Store, shops: Collection[str] | None = None, *, state: str | None = "draft") -> list[Draft]:
    """The drafts that wait, or those of another `state` (None: all)."""
    return [d for r in await store.records(_KIND, shops) if (d := _draft(r)).state == state or state is None]


async def edit(store: Store, shop: str, draft: str, *, question: str, answer: str, version: int | None = None) -> Draft:
    """Change a draft. Raises `NoSuchDraft`, `RecordMoved`."""
    now = await _waiting(store, shop, draft)
    body = _body(now) | {"question": question.strip(), "answer": answer.strip()}
    return _draft(await store.put(_KIND, shop, draft, body, version=version))


async def drop(store: Store, shop: str, draft: str) -> Draft:
    """Throw a draft away. Raises `NoSuchDraft`."""
    now = await _waiting(store, shop, draft)
    return _draft(await store.put(_KIND, shop, draft, _body(now) | {"state": "dropped"}, version=now.version))


async def accept(store: Store, catalogue: Catalogue, shop: str, draft: str, *, dry_run: bool = False) -> IngestReport:
    """Import a draft as every other file of the shop is imported, with the same checks; then it is accepted.

    With `dry_run` only the report, with clashes and problems. Raises `NoSuchDraft`, `Unreadable`.
    """
    now = await _waiting(store, shop, draft)
    table, file = words("desk")["draft_columns"], io.StringIO()
    writer = csv.writer(file)
    writer.writerow([table["question"], table["answer"], table["category"]])
    writer.writerow([now.question, now.answer, table["kind"]])
    prepared = prepare(f"{table['file']}-{draft}.csv", file.getvalue().encode())
    report = await publish(catalogue, shop, prepared, dry_run=dry_run)
    if not dry_run:
        await store.put(_KIND, shop, draft, _body(now) | {"state": "accepted"}, version=now.version)
    return report


async def _waiting(store: Store, shop: str, draft: str) -> Draft:
    record = await store.record(_KIND, shop, draft)
    if record is None or record.body["state"] != "draft":
        raise NoSuchDraft(draft=draft)
    return _draft(record)


def _draft(record: Record) -> Draft:
    return Draft(id=record.id, shop=record.shop, at=record.at, version=record.version, **record.body)


def _body(draft: Draft) -> dict[str, str]:
    beside = ("id", "shop", "at", "version")
    return {key: value for key, value in asdict(draft).items() if key not in beside}

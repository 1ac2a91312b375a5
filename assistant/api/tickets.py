"""The ticket doors under `/api`: all that a shop's own helpdesk needs to be the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from assistant.api.auth import Gate, NotLoggedIn, Staff, allowed
from assistant.conversation.events import WaitsOn
from assistant.conversation.store import NoSuchTalk, Promise, Said, Ticket
from assistant.errors import HouseError
from assistant.service.clock import ZONE, as_json
from assistant.service.desk import Desk
from assistant.service.drafts import offer
from assistant.service.ledger import Ledger, ledger
from assistant.service.packet import Packet, packet_with_order
from assistant.service.queue import Waiting, queue
from assistant.service.reception import Reception
from assistant.service.stories import Story, stories

Agent = Annotated[Staff, Depends(allowed("agent"))]
Reader = Annotated[Staff, Depends(allowed("agent", "merchant", "qa"))]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Note = Annotated[str, Field(max_length=4000)]


class NoSuchTicket(HouseError):
    """No such ticket, or one of another shop."""

    status = 404
    code = "no_such_ticket"
    says = "没有工单 {ticket}"


class NoSuchStaff(HouseError):
    """Nobody of this name works here."""

    status = 404
    code = "no_such_staff"
    says = "没有客服 {name}，或 {name} 不接待这家店"


class Queue(BaseModel):
    waiting: list[Waiting]
    """Most urgent first; those somebody has come last."""


class Whole(BaseModel):
    ticket: Ticket
    story: Story
    packet: Packet
    """Everything known; the person who takes over need not ask again."""


class Reply(BaseModel):
    text: Text
    client_id: Annotated[str, Field(max_length=64)] | None = None


class Words(BaseModel):
    text: Text


class Summary(BaseModel):
    summary: Note = ""
    draft: bool = True
    """Offer the merchant question and answer as a draft for the shop's knowledge."""


class Pass(BaseModel):
    to: Annotated[str, Field(max_length=64)] | None = None
    """A colleague's log-in; null: back to the queue."""
    note: Note = ""


class Wait(BaseModel):
    on: WaitsOn


class Owe(BaseModel):
    text: Text
    due: datetime
    """Without a zone: Beijing time."""


class Keep(BaseModel):
    dropped: bool = False
    note: Note = ""


class Done(BaseModel):
    seq: int
    """Log number of what was stored."""
    promise: str | None = None


class Found(BaseModel):
    found: list[Said]


class Promises(BaseModel):
    overdue: list[Promise]
    soon: list[Promise]
    later: list[Promise]


def ticket_doors(reception: Reception) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api", tags=["工单"])
    store, desk = reception.store, Desk(reception.store, reception.folds, reception.shops)

    async def access(ticket: str, staff: Staff) -> Ticket:
        found = await store.tickets(ticket=ticket)
        if not found or not staff.serves(found[0].shop):
            raise NoSuchTicket(ticket=ticket)
        return found[0]

    def shops_of(staff: Staff, shop: str | None) -> list[str] | None:
        """The shops a list is of; None is all."""
        if shop is not None:
            return [shop] if staff.serves(shop) else []
        return None if "*" in staff.shops else list(staff.shops)

    @router.get("/queue", summary="排队与在手")
    async def waits(
        staff: Reader,
        shop: str | None = None,
        level: str | None = None,
        reason: str | None = None,
        holder: str | None = None,
    ) -> Queue:
        rows = await queue(store, shops_of(staff, shop), level=level, reason=reason, holder=holder)
        return Queue(waiting=rows)

    @router.get("/tickets/{ticket}", summary="工单与交接资料")
    async def whole(ticket: str, staff: Reader) -> Whole:
        row = await access(ticket, staff)
        entries = await store.read(row.talk)
        story = next((one for one in stories(entries) if one.ticket == ticket), None)
        if story is None:  # forgotten between the two
            raise NoSuchTalk(talk=row.talk)
        made = await packet_with_order(reception.shops.get(row.shop), row.talk, entries)
        return Whole(ticket=row, story=story, packet=made)

    @router.post("/tickets/{ticket}/claim", summary="接入")
    async def claim(ticket: str, staff: Agent) -> Done:
        row = await access(ticket, staff)
        return Done(seq=(await desk.claim(row.talk, staff.name, shown=staff.shown)).seq)

    @router.post("/tickets/{ticket}/reply", summary="回复顾客")
    async def reply(ticket: str, said: Reply, staff: Agent) -> Done:
        row = await access(ticket, staff)
        entry = await desk.reply(row.talk, staff.name, said.text, shown=staff.shown, client_id=said.client_id)
        return Done(seq=entry.seq)

    @router.post("/tickets/{ticket}/note", summary="内部备注")
    async def note(ticket: str, said: Words, staff: Reader) -> Done:
        row = await access(ticket, staff)
        return Done(seq=(await desk.note(row.talk, staff.name, said.text)).seq)

    @router.post("/tickets/{ticket}/transfer", summary="转给同事，或放回队列")
    async def transfer(ticket: str, to: Pass, staff: Agent, request: Request) -> Done:
        row = await access(ticket, staff)
        if to.to is None:
            return Done(seq=(await desk.to_queue(row.talk, staff.name, to.note)).seq)
        shown = _colleague(request, to.to, row.shop)
        now = await desk.transfer(row.talk, staff.name, to.to, shown=shown, note=to.note)
        return Done(seq=now.seq)

    @router.post("/tickets/{ticket}/assign", summary="把没人接的会话派给同事")
    async def assign(ticket: str, to: Pass, staff: Agent, request: Request) -> Done:
        row = await access(ticket, staff)
        name = to.to or staff.name
        shown = _colleague(request, name, row.shop)
        return Done(seq=(await desk.assign(row.talk, staff.name, name, shown=shown, note=to.note)).seq)

    @router.post("/tickets/{ticket}/release", summary="交还机器人")
    async def release(ticket: str, staff: Agent) -> Done:
        row = await access(ticket, staff)
        return Done(seq=(await desk.release(row.talk, staff.name)).seq)

    @router.post("/tickets/{ticket}/wait", summary="在等谁")
    async def wait(ticket: str, on: Wait, staff: Agent) -> Done:
        row = await access(ticket, staff)
        return Done(seq=(await desk.wait_on(row.talk, staff.name, on.on)).seq)

    @router.post("/tickets/{ticket}/resolve", summary="解决")
    async def resolve(ticket: str, ended: Summary, staff: Agent) -> Done:
        row = await access(ticket, staff)
        entry = await desk.resolve(row.talk, staff.name, ended.summary)
        if ended.draft:
            await offer(store, row.talk, ticket, staff.name)
        return Done(seq=entry.seq)

    @router.post("/tickets/{ticket}/reopen", summary="重开")
    async def reopen(ticket: str, staff: Agent) -> Done:
        row = await access(ticket, staff)
        return Done(seq=(await desk.reopen(row.talk, staff.name)).seq)

    @router.post("/tickets/{ticket}/promises", summary="答应顾客一件事")
    async def promise(ticket: str, owed: Owe, staff: Agent) -> Done:
        row = await access(ticket, staff)
        due = owed.due if owed.due.tzinfo else owed.due.replace(tzinfo=ZONE)
        made = await desk.promise(row.talk, staff.name, owed.text, due)
        return Done(seq=(await store.head(row.talk)).seq, promise=made.promise)

    @router.post("/tickets/{ticket}/promises/{promise}/keep", summary="承诺已兑现或不再需要")
    async def keep(ticket: str, promise: str, how: Keep, staff: Agent) -> Done:
        row = await access(ticket, staff)
        entry = await desk.keep(row.talk, staff.name, promise, dropped=how.dropped, note=how.note)
        return Done(seq=entry.seq, promise=promise)

    @router.get("/promises", summary="承诺清单")
    async def promises(staff: Reader, shop: str | None = None, by: str | None = None) -> Promises:
        found: Ledger = await ledger(store, shops_of(staff, shop), by=by)
        return Promises(overdue=list(found.overdue), soon=list(found.soon), later=list(found.later))

    @router.get("/search", summary="搜会话记录")
    async def search(
        staff: Reader,
        q: Annotated[str, Query(min_length=1, max_length=100)],
        shop: str | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Found:
        return Found(found=await store.search(q, shops=shops_of(staff, shop), limit=limit))

    @router.get("/clock", summary="服务指标")
    async def clock(staff: Reader, shop: str, since: datetime | None = None) -> dict[str, Any]:
        if not staff.serves(shop):
            raise NoSuchShop(shop=shop)
        begins = since.replace(tzinfo=ZONE) if since is not None and since.tzinfo is None else since
        return await as_json(store, shop, begins, datetime.now(ZONE))

    return router


class NoSuchShop(HouseError):
    """A shop this member of staff does not work for; not even that it exists is said."""

    status = 404
    code = "unknown_shop"
    says = "没有店铺 {shop}"


def _colleague(request: Request, name: str, shop: str) -> str:
    """What the shopper calls a colleague who may take this shop's conversations. Raises `NoSuchStaff`."""
    gate: Gate = request.app.state.gate
    try:
        found = gate.named(name)
    except NotLoggedIn:
        raise NoSuchStaff(name=name) from None
    if not found.serves(shop) or found.role not in ("agent", "admin"):
        raise NoSuchStaff(name=name)
    return found.shown

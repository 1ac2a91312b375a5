"""The staff's doors under `/api`: log in, tickets, histories, and the least a person needs to take over."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from assistant.api.auth import Gate, Staff, allowed
from assistant.api.limits import Attempts
from assistant.conversation.events import Event
from assistant.conversation.store import NoSuchTalk, Ticket, TicketState
from assistant.service.desk import Desk
from assistant.service.reception import Reception

Agent = Annotated[Staff, Depends(allowed("agent"))]
Reader = Annotated[Staff, Depends(allowed("agent", "merchant", "qa"))]
Owner = Annotated[Staff, Depends(allowed("merchant"))]


class LogIn(BaseModel):
    name: Annotated[str, Field(max_length=64)]
    password: Annotated[str, Field(max_length=256)]


class LoggedIn(BaseModel):
    token: str
    """Send it as `Authorization: Bearer …`."""
    name: str
    role: str
    shops: list[str]
    expires_at: float
    """Seconds since 1970."""


class Tickets(BaseModel):
    tickets: list[Ticket]
    """Longest waiting first."""
    next: str | None
    """Give it as `after` to read on; null at the end."""


class Numbered(BaseModel):
    seq: int
    at: str
    event: Event


class History(BaseModel):
    talk: str
    shop: str
    last: int
    held_by: str
    tickets: list[Ticket]
    events: list[Numbered]


class Reply(BaseModel):
    text: Annotated[str, Field(min_length=1, max_length=4000)]
    client_id: Annotated[str, Field(max_length=64)] | None = None


class Note(BaseModel):
    text: Annotated[str, Field(min_length=1, max_length=4000)]


class Summary(BaseModel):
    summary: Annotated[str, Field(max_length=4000)] = ""


class Stored(BaseModel):
    seq: int
    """Log number of what was stored."""


def staff_doors(reception: Reception) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api")
    desk, attempts = Desk(reception.store, reception.folds, reception.shops), Attempts()

    async def access(talk: str, staff: Staff) -> str:
        """The shop of a conversation that `staff` may see; of another shop's, not even that it exists is said."""
        head = await reception.store.head(talk)
        if not staff.serves(head.shop):
            raise NoSuchTalk(talk=talk)
        return head.shop

    @router.post("/login", summary="登录", tags=["登录"])
    async def log_in(who: LogIn, request: Request) -> LoggedIn:
        attempts.of(request.client.host if request.client else "").take()
        gate: Gate = request.app.state.gate
        token, staff, expires = await run_in_threadpool(gate.log_in, who.name, who.password)
        return LoggedIn(token=token, name=staff.name, role=staff.role, shops=list(staff.shops), expires_at=expires)

    @router.get("/tickets", summary="工单列表", tags=["工单"])
    async def tickets(
        staff: Reader,
        shop: str | None = None,
        state: TicketState | None = None,
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Tickets:
        found: list[Ticket] = []
        if shop is not None or "*" in staff.shops:
            if shop is None or staff.serves(shop):
                found = await reception.store.tickets(shop=shop, state=state, after=after, limit=limit)
        else:
            found = await reception.store.tickets(shops=staff.shops, state=state, after=after, limit=limit)
        return Tickets(tickets=found, next=found[-1].id if len(found) == limit else None)

    @router.get("/talks/{talk}", summary="会话记录", tags=["会话"])
    async def history(
        talk: str, staff: Reader, after: int = 0, limit: Annotated[int, Query(ge=1, le=2000)] = 500
    ) -> History:
        shop = await access(talk, staff)
        head = await reception.store.head(talk)
        entries = await reception.store.read(talk, after=after, limit=limit)
        return History(
            talk=talk,
            shop=shop,
            last=head.seq,
            held_by=head.held_by,
            tickets=await reception.store.tickets(talk=talk),
            events=[Numbered(seq=entry.seq, at=entry.at, event=entry.event) for entry in entries],
        )

    @router.post("/talks/{talk}/claim", summary="接入会话", tags=["会话"])
    async def claim(talk: str, staff: Agent) -> Stored:
        await access(talk, staff)
        return Stored(seq=(await desk.claim(talk, staff.name, shown=staff.shown)).seq)

    @router.post("/talks/{talk}/reply", summary="回复顾客", tags=["会话"])
    async def reply(talk: str, said: Reply, staff: Agent) -> Stored:
        await access(talk, staff)
        entry = await desk.reply(talk, staff.name, said.text, shown=staff.shown, client_id=said.client_id)
        return Stored(seq=entry.seq)

    @router.post("/talks/{talk}/note", summary="内部备注", tags=["会话"])
    async def note(talk: str, said: Note, staff: Reader) -> Stored:
        await access(talk, staff)
        return Stored(seq=(await desk.note(talk, staff.name, said.text)).seq)

    @router.post("/talks/{talk}/typing", summary="正在输入", tags=["会话"], status_code=204)
    async def typing(talk: str, staff: Agent) -> None:
        await access(talk, staff)
        reception.bus.typing(talk, "staff")

    @router.post("/talks/{talk}/release", summary="交还机器人", tags=["会话"])
    async def release(talk: str, staff: Agent) -> Stored:
        await access(talk, staff)
        return Stored(seq=(await desk.release(talk, staff.name)).seq)

    @router.post("/talks/{talk}/resolve", summary="结束工单", tags=["会话"])
    async def resolve(talk: str, ended: Summary, staff: Agent) -> Stored:
        await access(talk, staff)
        return Stored(seq=(await desk.resolve(talk, staff.name, ended.summary)).seq)

    @router.delete("/talks/{talk}", summary="按顾客要求删除会话", tags=["会话"])
    async def forget(talk: str, staff: Owner) -> dict[str, Any]:
        await access(talk, staff)
        return {"forgotten": await reception.forget(talk)}

    return router

"""Who is at work, how many conversations each may have, and who has gone without saying so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from assistant.conversation.store import Store, Ticket
from assistant.errors import HouseError

State = Literal["online", "away", "offline"]
SEEN_SECONDS = 45.0
"""Who has not been heard of for so long is offline. A desk page says that it is there every 15 seconds."""
CAPACITY = 10
"""Conversations at once, unless the agent or the shop says otherwise."""
_KIND, _ALL = "presence", "*"


class AtCapacity(HouseError):
    """This agent has as many conversations as they may."""

    status = 409
    code = "at_capacity"
    says = "{name} 已经在接待 {load} 个会话（上限 {capacity}）；请先结束或转出一个"


@dataclass(frozen=True, slots=True)
class Agent:
    """One member of staff as they are now."""

    name: str
    shown: str
    shops: tuple[str, ...]
    state: State
    capacity: int
    load: int
    """Conversations they have."""
    seen_at: str

    @property
    def free(self) -> int:
        """Conversations they may take."""
        return max(self.capacity - self.load, 0) if self.state == "online" else 0


class Presence:
    """Keeps who is at work. Whoever never said anything here (a helpdesk on the REST API) is not limited."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def here(
        self, name: str, *, shown: str, shops: Collection[str], state: State = "online", capacity: int | None = None
    ) -> None:
        """This agent is at the desk; said again every 15 seconds. `capacity` stays as it was when None."""
        before = await self._store.record(_KIND, _ALL, name)
        kept = before.body["capacity"] if before else CAPACITY
        body = {
            "shown": shown,
            "shops": sorted(shops),
            "state": state,
            "capacity": kept if capacity is None else capacity,
        }
        await self._store.put(_KIND, _ALL, name, body)

    async def staff(self, shop: str | None = None, now: datetime | None = None) -> list[Agent]:
        """Everybody who works for `shop` (or for any), by name."""
        now = now or datetime.now(UTC)
        held = await self._store.tickets(state="claimed", limit=2000)
        found = [_agent(record.id, record.at, record.body, held, now) for record in await self._store.records(_KIND)]
        return [one for one in found if shop is None or "*" in one.shops or shop in one.shops]

    async def check(self, name: str) -> None:
        """Raises `AtCapacity` if this agent may take no more."""
        if (record := await self._store.record(_KIND, _ALL, name)) is None:
            return
        load = len({ticket.talk for ticket in await self._store.tickets(state="claimed", holder=name, limit=2000)})
        if load >= (capacity := int(record.body["capacity"])):
            raise AtCapacity(name=record.body["shown"], load=load, capacity=capacity)


def _agent(name: str, at: str, body: dict[str, object], held: list[Ticket], now: datetime) -> Agent:
    fresh = now - datetime.fromisoformat(at) <= timedelta(seconds=SEEN_SECONDS)
    load = len({ticket.talk for ticket in held if ticket.holder == name})
    shops = tuple(str(one) for one in body["shops"])  # type: ignore[attr-defined]
    state: State = body["state"] if fresh else "offline"  # type: ignore[assignment]
    return Agent(name, str(body["shown"]), shops, state, int(str(body["capacity"])), load, at)

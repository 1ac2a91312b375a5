"""The shopper's side: store what is said, see that it is answered, tell everybody what was stored.

Nothing is acknowledged before its commit and nothing is shown before it is stored. A message takes the lease of its
turn in the very transaction that stores it, so a question is never without somebody who answers it: the worker that
holds the lease, or, when that worker is gone, whoever sweeps up next.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.conversation.bus import Bus
from assistant.conversation.events import Audience, Event, HandedOver, Judged, Message, Rated, Reason, Visited
from assistant.conversation.follow import Follow, follow
from assistant.conversation.state import Conversation
from assistant.conversation.store import Appended, Entry, Head, Lease, NoSuchTalk, Stale, Store, StoreBusy
from assistant.errors import HouseError
from assistant.service.folds import Folds
from assistant.service.identity import BadIdentity
from assistant.service.keeper import Alert, Keeper, tell_nobody
from assistant.service.metrics import HANDED_OVER, MESSAGES, RESENT
from assistant.service.queue import position
from assistant.service.running import TRIES, Answer, Farewell, Turn, last_words
from assistant.service.shops import Shops
from assistant.service.webhooks import Postman
from assistant.turn.escalate import asks_for_person, deserved
from assistant.turn.handoff import handoff_lines, place_line
from assistant.turn.shop import Shop

log = logging.getLogger(__name__)

TURN_SECONDS = 30.0
SWEEP_SECONDS = 1.0
"""How often a worker looks for questions whose own worker is gone."""


class UnknownShop(HouseError):
    """No shop of this name is open here."""

    status = 404
    code = "unknown_shop"
    says = "没有店铺 {shop}；请检查嵌入代码里的 data-shop"


class NoSuchOrder(HouseError):
    """No order of this shopper's has this number. Whether somebody else's has is not told."""

    status = 404
    code = "no_such_order"
    says = "没有在您名下找到这笔订单；请核对订单号"


class NothingToJudge(HouseError):
    """Feedback names a number that is no answer."""

    status = 404
    code = "nothing_to_judge"
    says = "第 {seq} 条不是客服的回答，不能评价"


def farewell(shop: Shop, reason: Reason, again: bool) -> str:
    """What the shopper is told on the way to a person."""
    return "".join(handoff_lines(shop, reason, again=again))


class Reception:
    """Receives shoppers. `answer` is `take_turn`; `shops` may change while we are open."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        shops: Mapping[str, Shop],
        answer: Answer,
        *,
        farewell: Farewell = farewell,
        alert: Alert = tell_nobody,
        turn_seconds: float = TURN_SECONDS,
        sweep_seconds: float = SWEEP_SECONDS,
    ) -> None:
        self.store, self.bus, self.shops = store, bus, shops
        self.folds = Folds(store)
        store.on_commit(bus.tell)  # after the folds: whoever is told finds them up to date
        self._answer, self._farewell = answer, farewell
        self._turn_seconds, self._sweep_seconds = turn_seconds, sweep_seconds
        self._me = secrets.token_hex(8)
        self._turns: dict[str, Turn] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self.keeper, self.postman = Keeper(store, self.folds, shops, alert), Postman(store)

    async def start(self) -> None:
        """Take up what an earlier process left unanswered, and keep looking for more."""
        self._sweeper = asyncio.create_task(self._sweep(), name="sweeper")
        self.keeper.start()
        self.postman.start()

    @property
    def turns(self) -> int:
        """Turns that run in this process."""
        return len(self._turns)

    async def rest(self) -> None:
        """Until no turn runs in this process."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self, patience: float = 8.0) -> None:
        """Let running turns finish for `patience` seconds; the rest is left for the next process to take up."""
        await self.keeper.close()
        await self.postman.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        left = list(self._turns.values())
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for turn in left:
            await turn.give_back()
        await self.bus.close()
        await self.store.close()

    # — what a shopper can do —

    def shop(self, shop: str) -> Shop:
        """The shop of this name. Raises `UnknownShop`."""
        if (found := self.shops.get(shop)) is None:
            raise UnknownShop(shop=shop)
        return found

    async def ready(self, shop: str) -> Shop:
        """The shop of this name, opened now if it has been put away. Raises `UnknownShop`."""
        if shop in self.shops and isinstance(self.shops, Shops):
            return await self.shops.shop(shop)
        return self.shop(shop)

    async def open(self, shop: str) -> tuple[Head, str]:
        """A new conversation and its secret token."""
        self.shop(shop)
        talk, token = await self.store.open_talk(shop)
        return Head(talk, shop, 0, 0, "assistant", None), token

    async def say(self, shop: str, talk: str, text: str, client_id: str) -> Entry:
        """Store what the shopper says and see that it is answered; returns after the commit, not after the answer."""
        said = Message(by="shopper", text=text, client_id=client_id)
        appended = await self.store.append(talk, (said,), take=self._me)
        (RESENT if appended.again else MESSAGES).labels(shop).inc()
        self._begin(shop, talk, appended)
        if appended.lease is None and not appended.again and asks_for_person(text):
            await self.call_person(shop, talk, only_again=True)
        return appended.entries[0]

    async def call_person(self, shop: str, talk: str, *, only_again: bool = False) -> None:
        """Open a ticket at once, whatever the assistant is doing.

        Asked again in the queue, by the button or in words, the shopper is told once how things stand, and again only
        when that has changed. `only_again`: leave a conversation alone that does not wait in the queue.
        """
        while True:
            now = await self.folds.at(talk)
            if only_again and now.held_by != "queue":
                return
            events = self._called(self.shop(shop), now, await self._place(shop, talk, now))
            if not events:
                return
            try:
                await self.store.append(talk, events, after=now.seq)
            except Stale:
                continue
            if isinstance(events[-1], HandedOver):
                HANDED_OVER.labels(events[-1].reason).inc()
            self._nudge(talk)
            return

    async def _place(self, shop: str, talk: str, now: Conversation) -> int | None:
        return await position(self.store, shop, talk) if now.held_by == "queue" else None

    def _called(self, shop: Shop, now: Conversation, place: int | None) -> Sequence[Event]:
        if now.held_by == "staff":
            return ()
        if now.held_by == "queue":
            text = self._farewell(shop, "asked_for_person", True) + place_line(shop, place)
            told = next((message.text for message in reversed(now.messages) if message.by == "assistant"), "")
            return () if told == text else last_words(now, text, "asked_for_person")
        found = deserved(now)
        text = self._farewell(shop, found.reason, False)
        return *last_words(now, text, found.reason), HandedOver(reason=found.reason, level=found.level)

    async def visit(self, talk: str, product: str | None, order: str | None, buyer: str | None = None) -> None:
        """Note the page the shopper asks from and who they are, if that is another than before.

        Raises `BadIdentity`: a conversation belongs to one buyer for good.
        """
        now = await self.folds.at(talk)
        if buyer is not None and now.buyer not in (None, buyer):
            raise BadIdentity
        here = (product or now.product, order or now.order, buyer or now.buyer)
        if here != (now.product, now.order, now.buyer):
            await self.store.append(talk, (Visited(product=product, order=order, buyer=buyer),))

    async def belongs(self, talk: str, buyer: str) -> bool:
        """Whether this conversation is this buyer's, or nobody's yet."""
        return (await self.folds.at(talk)).buyer in (None, buyer)

    async def orders(self, shop: str, talk: str) -> Sequence[Mapping[str, Any]]:
        """The orders this shopper may pick from, newest first. Raises `OrdersAway`."""
        book = self.shop(shop).seen_by((await self.folds.at(talk)).buyer).orders
        return () if book is None else await book.recent()

    async def pick(self, shop: str, talk: str, number: str) -> None:
        """The shopper speaks of this order of theirs. Raises `NoSuchOrder`, for somebody else's just the same."""
        book = self.shop(shop).seen_by((await self.folds.at(talk)).buyer).orders
        if book is None or await book.order(number) is None:
            raise NoSuchOrder
        await self.visit(talk, None, number)

    async def rate(self, talk: str, stars: int, note: str) -> None:
        """Store how the shopper found the conversation."""
        await self.store.append(talk, (Rated(stars=stars, note=note),))

    async def judge(self, talk: str, seq: int, helpful: bool) -> None:
        """Store whether one answer, by the shopper's number, helped. Raises `NothingToJudge`."""
        found = await self.store.read(talk, after=seq - 1, audience="shopper", limit=1)
        event = found[0].event if found and found[0].shopper_seq == seq else None
        if not (isinstance(event, Message) and event.by != "shopper"):
            raise NothingToJudge(seq=seq)
        await self.store.append(talk, (Judged(seq=seq, helpful=helpful),))

    async def follow(self, talk: str, *, after: int, audience: Audience, wake: asyncio.Event | None = None) -> Follow:
        """Hear the conversation from number `after` on."""
        return await follow(self.store, self.bus, talk, after=after, audience=audience, wake=wake)

    async def forget(self, talk: str) -> bool:
        """Delete a conversation with all it said."""
        self._nudge(talk)
        gone = await self.store.forget(talk)
        self.folds.forget(talk)
        return gone

    # — the turns —

    def _nudge(self, talk: str) -> None:
        if (turn := self._turns.get(talk)) is not None:
            turn.moved()

    def _begin(self, shop: str, talk: str, appended: Appended) -> None:
        """Run the turn if it is ours to run; if it runs already, let it know that there is more to answer."""
        lease = appended.lease
        if lease is None:
            return
        running = self._turns.get(talk)
        if running is not None and running.lease.fence == lease.fence and not running.ended:
            if not appended.again:
                running.moved()
            return
        seq = appended.entries[-1].seq if appended.entries and not appended.again else None
        self._start(shop, lease, seq, give_up=appended.tries > TRIES)

    def _start(self, shop: str, lease: Lease, seq: int | None, *, give_up: bool) -> None:
        if (opened := self.shops.get(shop)) is None:
            log.error("conversation %s belongs to shop %s, which is not open here", lease.talk, shop)
            return
        turn = Turn(self.store, self.bus, self.folds, opened, lease, self._answer, self._farewell)
        self._turns[lease.talk] = turn
        task = asyncio.create_task(self._run(turn, seq, give_up), name=f"turn {lease.talk}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, turn: Turn, seq: int | None, give_up: bool) -> None:
        try:
            await turn.run(self._turn_seconds, seq, give_up=give_up)
        except NoSuchTalk:
            pass  # forgotten meanwhile
        except StoreBusy as busy:
            log.warning("turn %s left for later: %s", turn.lease.talk, busy)
        except Exception:
            log.exception("turn %s broke", turn.lease.talk)
        finally:
            turn.ended = True
            if self._turns.get(turn.lease.talk) is turn:
                del self._turns[turn.lease.talk]

    async def _sweep(self) -> None:
        while True:
            try:
                for talk in await self.store.unanswered():
                    if talk not in self._turns:
                        await self._take_up(talk)
            except StoreBusy as busy:
                log.warning("cannot look for unanswered questions: %s", busy)
            except Exception:
                log.exception("sweep broke")
            await asyncio.sleep(self._sweep_seconds)

    async def _take_up(self, talk: str) -> None:
        with contextlib.suppress(NoSuchTalk):
            head = await self.store.head(talk)
            if head.shop in self.shops:
                await self.ready(head.shop)
                self._begin(head.shop, talk, await self.store.append(talk, (), take=self._me))

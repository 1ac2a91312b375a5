"""Conversations made by chance, looked through for loops. `python -m tests.turn.loops [--count 1000]`.

A loop is: the same answer three times in a row, or a third question back, or a third “not found”, without a person
being called; a request for a person that calls nobody; a ticket more than one; or, in the queue, the same thing told
twice.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections import Counter
from collections.abc import Sequence

from assistant.conversation.bus import MemoryBus
from assistant.conversation.events import HandedOver, Message
from assistant.conversation.sql import open_store
from assistant.conversation.state import Conversation
from assistant.conversation.store import LIVE, Entry
from assistant.service.desk import Desk
from assistant.service.reception import Reception, farewell
from assistant.service.thrice import no_third_time
from assistant.turn.escalate import asks_for_person
from assistant.turn.smalltalk import small_talk
from assistant.turn.turn import take_turn
from knowledge.database import open_engine, reading
from knowledge.text import fold
from tests.support.shops import small_shop
from tests.turn import calls

KNOWN = (
    "多久发货",
    "发什么快递",
    "能开发票吗",
    "退货运费谁出",
    "羽绒服能机洗吗",
    "鞋子怎么洗",
    "几天能发啊",
    "顺丰可以吗",
)
UNKNOWN = (
    "量子纠缠是啥",
    "榴莲千层几寸",
    "火星包邮吗",
    "你们股票代码",
    "这个咖啡机几个档",
    "猫能吃吗",
    "支持多少瓦快充",
)
HALF = ("那个呢", "怎么办", "？？？", "就是上次那个", "多少", "[图片]", "可以吗", "为什么", "嗯？", "112233445566")
TALK = ("在吗", "谢谢", "好的", "你好", "你是机器人吗", "哈哈")
CROSS = ("什么破店", "气死我了", "说了三遍了", "再也不买了", "你们就是骗子")


async def converse(receives: Reception, chance: random.Random) -> Counter[str]:
    """One conversation of 4 to 14 messages; what loops there were."""
    shop = chance.choice(sorted(receives.shops))
    head, _ = await receives.open(shop)
    moods = [KNOWN, UNKNOWN, HALF, TALK, CROSS, tuple(calls.lines("asks_for_person.txt"))]
    weights = [chance.random() ** 2 + 0.05 for _ in moods]
    last = ""
    for number in range(chance.randint(4, 14)):
        stubborn = last and chance.random() < 0.35
        last = last if stubborn else chance.choice(chance.choices(moods, weights)[0])
        if chance.random() < 0.06:
            await receives.call_person(shop, head.talk)
        await receives.say(shop, head.talk, last, f"c{number}")
        await receives.rest()
        if chance.random() < 0.05:
            await _agent(receives, head.talk, chance)
    found = loops(await receives.store.read(head.talk))
    live = [one for one in await receives.store.tickets(talk=head.talk) if one.state in LIVE]
    found["more than one ticket"] += len(live) > 1
    return found


async def _agent(receives: Reception, talk: str, chance: random.Random) -> None:
    desk = Desk(receives.store, receives.folds)
    await desk.claim(talk, "li")
    await desk.reply(talk, "li", "您好，我来看看", shown="客服小李")
    await (desk.release if chance.random() < 0.5 else desk.to_queue)(talk, "li")


def loops(log: Sequence[Entry]) -> Counter[str]:
    """The loops in one conversation."""
    found: Counter[str] = Counter()
    now, run, told, asked = Conversation(), list[Message](), "", ""
    for entry in log:
        event = entry.event
        if isinstance(event, HandedOver):
            run, asked = [], ""
        elif isinstance(event, Message) and event.by == "assistant":
            if now.held_by == "queue":
                found["told twice in the queue"] += event.text == told
                told = event.text
            else:
                told, run = event.text, [*run, event][-3:]
                found["the same again and again"] += len(run) == 3 and len({m.text for m in run}) == 1
                found["asks back again and again"] += len(run) == 3 and {m.action for m in run} == {"clarify"}
        elif isinstance(event, Message) and event.by == "shopper":
            found["asked for a person in vain"] += bool(asked)
            waits = now.held_by == "assistant" and asks_for_person(event.text) and not small_talk(fold(event.text))
            asked = event.text if waits else ""
            if small_talk(fold(event.text)):
                run = []  # who says thanks three times is answered three times
        elif isinstance(event, Message):
            run, asked = [], ""
        now = now.after(entry.seq, event)
    found["asked for a person in vain"] += bool(asked)
    return found


async def run(count: int, seed: int) -> tuple[int, Counter[str]]:
    """`count` conversations; how many had a loop, and which."""
    engine, answer = open_engine("sqlite://"), no_third_time(take_turn, farewell)
    store = await open_store(engine, reading(engine))
    receives = Reception(store, MemoryBus(), {f"shop{n}": small_shop() for n in range(3)}, answer)
    looped, found = 0, Counter[str]()
    for number in range(count):
        seen = await converse(receives, random.Random(f"{seed}-{number}"))
        if any(seen.values()):
            looped += 1
            print(f"conversation {number} of seed {seed}: {dict(+seen)}", file=sys.stderr)
        found += seen
    await receives.close()
    return looped, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    looped, found = asyncio.run(run(chosen.count, chosen.seed))
    print(f"{looped} of {chosen.count} conversations had a loop", dict(+found))
    return 1 if looped else 0


if __name__ == "__main__":
    sys.exit(main())

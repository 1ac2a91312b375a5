"""One inspection from beginning to end: what the command and the console's page both call."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from assistant.errors import HouseError
from assistant.settings import Settings
from assistant.turn.shop import Shop
from eval.audit.appeal import agreement, states
from eval.audit.lint import problems
from eval.audit.report import Inspection, Seen, seen_in
from eval.audit.rules import Rules, rules_of
from eval.audit.scan import Finding, scan
from eval.audit.source import open_database, talks
from eval.audit.talk import Talk
from eval.marks import open_marks


class UnsoundRules(HouseError):
    """Rules that fail their own examples are not applied to people."""

    says = "规则没有通过自己的例子，先改好：\n{problems}"


def sound(rules: Rules) -> Rules:
    """The rules, if each does what its own examples say. Raises `UnsoundRules`."""
    if found := problems(rules):
        raise UnsoundRules(problems="\n".join(found))
    return rules


async def inspect(
    engine: AsyncEngine,
    shop: str,
    rules: Rules,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    opened: Shop | None = None,
) -> Inspection:
    """Every conversation of the shop since then, under these rules, with what people have said of the findings.

    `opened`: the shop itself, so that what answers take from the catalogue can be checked.
    """
    marks = await open_marks(engine)
    until = until or datetime.now(UTC)
    seen: list[Seen] = []
    findings: list[Finding] = []
    async for talk in talks(engine, shop, since=since, until=until, opened=opened):
        found = scan(rules, talk, since=since)
        findings += found
        seen += seen_in(_since(talk, since))
    said = await marks.all(shop)
    return Inspection(shop, rules.digest, tuple(seen), tuple(findings), states(said), agreement(said))


def inspected(
    settings: Settings, shop: str, *, since: datetime | None = None, opened: Shop | None = None
) -> Inspection:
    """The same, in a thread of its own with its own event loop: an inspection is work, and pages must not wait."""

    async def run() -> Inspection:
        async with open_database(settings) as engine:
            return await inspect(engine, shop, sound(rules_of(settings)), since=since, opened=opened)

    return asyncio.run(run())


def _since(talk: Talk, since: datetime | None) -> Talk:
    """The conversation without what was said before."""
    if since is None:
        return talk
    said = tuple(each for each in talk.said if each.at >= since)
    return Talk(talk.id, talk.shop, said, talk.waits, talk.endings)

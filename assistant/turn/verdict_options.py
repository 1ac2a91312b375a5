"""多方案协商 in the turn: for a stuck case what the rules allow is offered; what only people may give is theirs to see.

The shopper sees the remedies; cost to the shop, value and the role that may promise stay in the trace, with the choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from assistant.conversation.events import Cite
from assistant.conversation.state import Conversation
from assistant.policy.facts import Case
from assistant.policy.remedy import Option as Way
from assistant.policy.remedy import load_terms, options, within
from assistant.policy.verdict import Verdict
from assistant.turn.case import Told
from assistant.turn.products import Fact
from assistant.turn.ruling import CONFIDENCE, Ruling
from assistant.turn.shop import Shop
from assistant.turn.wishes import asks_for_options
from prompts import phrase

_MOST = 3


def with_options(shop: Shop, ruling: Ruling, verdict: Verdict, facts: Mapping[str, Any]) -> Ruling:
    """The ruling with every way to settle a refused case, for the shopper to pick and for the log."""
    if verdict.says != "deny" or ruling.wish not in ("return", "exchange", "repair"):
        return ruling
    terms = load_terms()
    found = options(shop.policies, Case.from_json(facts), terms)
    if not found:
        return ruling
    ours = within(found, terms, terms.roles[0].role)
    lines = list(ruling.facts)
    if ours:
        ways = "；".join(f"{n}. {_named(way)}" for n, way in enumerate(ours[:_MOST], 1))
        said = Fact(phrase("verdict.options", ways=ways), lines[0].cite, CONFIDENCE)
        lines = [*lines[:1], said]
    shown = {**ruling.verdict, "options": [{"id": way.id, "title": _named(way)} for way in ours[:_MOST]]}
    return replace(
        ruling, verdict=shown, facts=tuple(lines), log={**ruling.log, "offered": [way.as_json() for way in found]}
    )


def chosen(words: Told, talk: Conversation, now: datetime) -> Ruling | None:
    """The shopper takes one of the options offered last: said back with what it rests on, and logged."""
    last = next((m for m in reversed(talk.messages) if m.by == "assistant"), None)
    offered = (last.verdict or {}).get("options") if last is not None else None
    if last is None or not offered:
        return None
    taken = next((o for n, o in enumerate(offered, 1) if _picks(words.now, o["title"], n)), None)
    if taken is None:
        return None
    verdict = dict(last.verdict or {})
    cite = last.cites[0] if last.cites else Cite(id=taken["id"], source=str(verdict.get("policy")))
    said = Fact(phrase("verdict.chosen", title=taken["title"]), cite, CONFIDENCE)
    before = talk.traces[-1].verdict if talk.traces else None
    log = {
        "offered": (before or {}).get("offered", []),
        "chosen": taken["id"],
        "by": "shopper",
        "at": now.isoformat(timespec="seconds"),
    }
    return Ruling({**verdict, "chosen": taken["id"]}, str(verdict.get("wish", "")), facts=(said,), log=log)


def other_ways(text: str, talk: Conversation) -> Ruling | None:
    """“还有别的办法吗” after a refusal: what is still open of it, or a person."""
    last = next((m for m in reversed(talk.messages) if m.by == "assistant"), None)
    verdict = (last.verdict or {}) if last is not None else {}
    if last is None or not last.cites or verdict.get("says") not in ("deny", "human") or not asks_for_options(text):
        return None
    for name, says in (("others", ("allow", "allow_with_deduction")), ("maybe", ("need_info",))):
        found = [a for a in verdict.get("alternatives", ()) if a["says"] in says and a["remedies"]]
        ways = "；".join(dict.fromkeys("、".join(phrase(f"verdict.remedy.{r}") for r in a["remedies"]) for a in found))
        if ways:
            said = phrase(f"verdict.{name}", ways=ways)
            break
    else:
        said = phrase("verdict.nothing_else")
    return Ruling(dict(verdict), str(verdict["wish"]), facts=(Fact(said, last.cites[0], CONFIDENCE),))


def _picks(text: str, title: str, number: int) -> bool:
    """“选1”, “第一个”, “就换货吧”: by number, or by the remedy's name in a short reply."""
    han = "一二三"[number - 1]
    bare = text.strip(" 。!！~吧呗啊")
    name = title.split("（")[0]
    return bare in {f"选{number}", f"选{han}", f"第{han}个", f"方案{han}", f"方案{number}", str(number)} or (
        name in bare and len(bare) <= len(name) + 4
    )


def _named(way: Way) -> str:
    remedies = "、".join(phrase(f"verdict.remedy.{remedy}") for remedy in way.remedies)
    until = phrase("verdict.until", day=f"{way.deadline.month}月{way.deadline.day}日") if way.deadline else ""
    return phrase("verdict.way", remedies=remedies, until=until) if until else remedies

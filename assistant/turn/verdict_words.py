"""A verdict in words: the matter and the result, the reason, money and freight, what to do. Nothing is added to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.conversation.events import Cite
from assistant.policy.verdict import Alternative, Verdict
from assistant.policy.words import until
from assistant.turn.products import Fact
from assistant.turn.ruling import CONFIDENCE, Ruling
from prompts import phrase

_MOST_ALTERNATIVES = 2
_MOST_STEPS = 4


def worded(
    verdict: Verdict, wish: str, said: Mapping[str, Any], title: str = "", hoped: Verdict | None = None
) -> Ruling:
    """The ruling in words. `hoped`: the yes it comes to once the facts still open are as they should be."""
    shown = {**verdict.as_json(), "title": verdict.title, "wish": wish, "steps": list(verdict.steps)[:_MOST_STEPS]}
    shown |= {"said": dict(said), "goods": title}
    source = cite_of(verdict)
    if verdict.says == "need_info":
        ask = phrase("verdict.need_info", facts=_asked(verdict))
        if hoped is None:
            return Ruling(shown, wish, ask=ask)
        lines = [_about(title) + phrase("verdict.if_so", remedies=_remedies(hoped), because=_because(hoped))]
        lines += [money for money in [_money(hoped)] if money]
        facts = tuple(Fact(text, cite_of(hoped), CONFIDENCE) for text in [*lines, ask])
        return Ruling(shown, wish, facts=facts)
    late = _late(verdict, wish)
    facts = tuple(Fact(text, source, CONFIDENCE) for text in _lines(verdict, wish, title, late=late))
    human = verdict.says == "human" or late
    return Ruling(shown, wish, facts=facts, human=human, reason="overdue" if late else "policy_human", plain=not late)


def cite_of(verdict: Verdict) -> Cite:
    """The policy that decided, quoted by its reasons and the law it rests on."""
    quote = "\n".join([*(r.text for r in verdict.reasons), *(c for r in verdict.reasons[:1] for c in r.cites)])
    return Cite(id=str(verdict.source), source=str(verdict.source), title=verdict.title, quote=quote)


def yuan(fen: int) -> str:
    """599, and 128.57."""
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen / 100:.2f}"


def _late(verdict: Verdict, wish: str) -> bool:
    """Whether we have not kept a time of ours: goods not sent, a refund not paid."""
    return (wish == "ship" and verdict.says == "human") or (wish == "refund" and len(verdict.reasons) > 1)


def _lines(verdict: Verdict, wish: str, title: str, *, late: bool) -> list[str]:
    """At most four lines: result and reason; money, freight and refund time; steps; the open door."""
    about, because = _about(title), _because(verdict)
    if late:
        told = "".join(reason.text.rstrip("。") + "。" for reason in verdict.reasons)
        money = [phrase("verdict.refund_amount", yuan=yuan(verdict.amount_fen))] if verdict.amount_fen else []
        return [about + phrase("verdict.late", because=told), *money]
    if verdict.says == "human":
        return [about + phrase("verdict.human", because=because)]
    if not verdict.allowed:
        said = [about + phrase("verdict.deny", wish=phrase(f"verdict.wish.{wish}"), because=because)]
        return [*said, *(_others(verdict.alternatives) or [phrase("verdict.nothing_else")])]
    said = [about + _yes(verdict, wish, because)]
    if money_line := _money(verdict):
        said.append(money_line)
    if verdict.steps:
        steps = "；".join(verdict.steps[:_MOST_STEPS])
        said.append(phrase("verdict.steps", steps=steps))
    said.append(phrase("verdict.door"))
    return said


def _yes(verdict: Verdict, wish: str, because: str) -> str:
    if wish == "ship":
        return phrase("verdict.in_time", because=because)
    if verdict.deadline is not None and f"{verdict.deadline.month}月{verdict.deadline.day}日" not in because:
        because += phrase("verdict.before", until=until(verdict.deadline))
    return phrase(f"verdict.{verdict.says}", remedies=_remedies(verdict), because=because)


def _money(verdict: Verdict) -> str:
    """What comes back with its working, who bears the freight, and by when the money is there."""
    parts = []
    if verdict.amount_fen:
        parts.append(phrase("verdict.amount", yuan=yuan(verdict.amount_fen)))
    if verdict.freight:
        parts.append(phrase(f"verdict.freight.{verdict.freight}"))
    if verdict.refund_days and verdict.freight and "return_refund" in verdict.remedies:
        parts.append(phrase("verdict.refund_days", days=str(verdict.refund_days)))
    line = "，".join(parts) + "。" if parts else ""
    if len(verdict.working) > 1:
        line += phrase("verdict.working", working="；".join(verdict.working))
    return line


def _about(title: str) -> str:
    return phrase("verdict.about", title=title) if title else ""


def _because(verdict: Verdict) -> str:
    text = verdict.reasons[0].text if verdict.reasons else verdict.title
    return text.rstrip("。") + "。"


def _asked(verdict: Verdict) -> str:
    return "；".join(phrase(f"verdict.missing.{name}") for name in verdict.missing)


def _remedies(verdict: Verdict) -> str:
    return "、".join(phrase(f"verdict.remedy.{remedy}") for remedy in verdict.remedies)


def _others(alternatives: tuple[Alternative, ...]) -> list[str]:
    for name, says in (("others", ("allow", "allow_with_deduction")), ("maybe", ("need_info",))):
        ways = [_way(other) for other in alternatives if other.says in says and other.remedies]
        if ways:
            return [phrase(f"verdict.{name}", ways="；".join(dict.fromkeys(ways[:_MOST_ALTERNATIVES])))]
    return []


def _way(other: Alternative) -> str:
    remedies = "、".join(phrase(f"verdict.remedy.{remedy}") for remedy in other.remedies)
    until = phrase("verdict.until", day=f"{other.deadline.month}月{other.deadline.day}日") if other.deadline else ""
    return phrase("verdict.other", title=other.title or other.policy, remedies=remedies, until=until)

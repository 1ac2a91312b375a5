"""Whether a message promises beyond the verdict: an act it denied, another payer, another amount, another last day.

The verdict is the rules' word on this very case; what is told to a shopper binds the shop, whoever says it
(消费者权益保护法实施条例 第十二条).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from assistant.turn.claims import Granted, claims_of, is_question, is_unsure
from assistant.turn.figures import Known, figures
from eval.audit.spans import pieces
from eval.audit.talk import Said
from eval.transcript import verdict_text
from prompts import words

_ACTS: Mapping[str, frozenset[str]] = {
    "return": frozenset(["return", "refund"]),
    "refund": frozenset(["refund"]),
    "exchange": frozenset(["exchange"]),
    "repair": frozenset(["repair"]),
    "price_protect": frozenset(["protect"]),
    "compensate": frozenset(["compensate"]),
}
"""What a wish is about, as the answer guard names acts."""
_GIVES: Mapping[str, tuple[str, ...]] = {
    "return_refund": ("return", "refund"),
    "refund": ("refund",),
    "exchange": ("exchange",),
    "replace": ("exchange",),
    "repair": ("repair",),
    "price_diff": ("protect",),
    "reship": ("reship",),
    "compensate": ("compensate",),
}
"""And what each remedy grants."""


@cache
def _words() -> Mapping[str, Any]:
    table: Mapping[str, Any] = words("inspection_words")["beyond"]
    return table


def beyond(said: Said) -> tuple[str, int, int] | None:
    """Why the message goes beyond the verdict, and which stretch of it; None where it does not."""
    verdict = said.verdict
    assert verdict is not None
    texts = tuple(verdict_text(verdict).splitlines())
    acts = _ACTS.get(str(verdict.get("wish")), frozenset())
    remedies = [remedy for other in verdict.get("alternatives", ()) for remedy in other["remedies"]]
    open_ways = {act for remedy in remedies for act in _GIVES.get(remedy, ())}
    for start, piece in pieces(said.text):
        if is_question(piece) or is_unsure(piece) or re.search(str(_words()["conditional"]), piece):
            continue
        stretch = (start, start + len(piece.rstrip()))
        for claim in claims_of(piece):
            if verdict.get("says") == "deny" and claim.stance == "grants" and claim.act in acts - open_ways:
                return _words()["denied"].format(reason=_reason(verdict)), *stretch
        if Granted(texts).pays(piece):
            payer = words("phrases")["verdict"]["freight"].get(verdict.get("freight"))
            return _words()["other_payer"].format(payer=payer), *stretch
        about_it = re.search(str(_words()["about"]), piece + "".join(said.asked))
        if about_it and (other := _other_figure(piece, verdict, texts)):
            return other, *stretch
    return None


def _reason(verdict: Mapping[str, Any]) -> str:
    return next((str(reason["text"]) for reason in verdict.get("reasons", ())), "")


def _other_figure(piece: str, verdict: Mapping[str, Any], texts: tuple[str, ...]) -> str | None:
    """An amount or a last day other than the verdict's, where the sentence speaks of exactly that."""
    known = Known(texts)
    for figure in figures(piece):
        kinds = {kind for kind, _ in figure.means}
        if "money" in kinds and verdict.get("amount_fen") is not None and re.search(_words()["gives_back"], piece):
            if not known.supports(figure):
                return str(_words()["other_amount"]).format(yuan=f"{verdict['amount_fen'] / 100:g}")
        elif kinds & {"date", "monthday"} and verdict.get("deadline") and re.search(_words()["until"], piece):
            day = datetime.fromisoformat(str(verdict["deadline"]))
            if not known.supports(figure, year=day.year):
                return str(_words()["other_day"]).format(month=day.month, day=day.day)
    return None

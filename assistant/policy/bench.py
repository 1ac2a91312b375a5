"""How many verdicts a second, and what a shop with many policies pays: `python -m assistant.policy.bench`.

CPU time of one process, best of several rounds, over a mix of everyday questions.
"""

from __future__ import annotations

import json
import time
from typing import Any

from assistant.policy.decide import decide
from assistant.policy.facts import Case
from assistant.policy.load import load_policies
from assistant.policy.model import Policy
from assistant.policy.rules import Policies

ROUNDS = 100
"""Short rounds, of which the best counts: what else runs on the machine slows some of them."""
_DAYS = ("2026-11-06", "2026-11-12", "2026-11-13", "2026-11-20")


def everyday() -> list[dict[str, Any]]:
    """Facts of returns, exchanges, repairs, price questions, refunds and shipping, inside and outside their windows."""
    said: list[tuple[str, str, dict[str, Any]]] = [
        ("return", "服装", {"tag_on": True}),
        ("return", "化妆品", {"opened": True}),
        ("return", "电子电器", {"fault": "quality"}),
        ("exchange", "鞋帽", {"worn": False, "tag_on": True}),
        ("exchange", "电子电器", {"fault": "quality"}),
        ("repair", "鞋帽", {"fault": "quality"}),
        ("price_protect", "家居", {}),
        ("compensate", "家居", {"fault": "damage", "evidence": True}),
        ("refund", "家居", {}),
        ("ship", "家居", {}),
    ]
    cases: list[dict[str, Any]] = []
    for day in _DAYS:
        for wish, category, words in said:
            order: dict[str, Any] = {
                "ordered_at": "2026-11-03T20:00:00",
                "lines": [{"line": "1", "sku": f"sku{len(cases)}", "category": category, "paid_fen": 25900}],
            }
            if wish != "ship":
                order["signed_at"] = "2026-11-05T10:20:00"
                order["events"] = [{"kind": "price_change", "at": "2026-11-05T00:00:00", "price_fen": 19900}]
            cases.append({"id": day, "now": f"{day}T12:00:00", "wish": wish, "order": order, "said": words})
    return cases


def special(number: int) -> Policy:
    """One more promise of a shop, for one SKU of its own."""
    window = {
        "trigger": "signed_at",
        "length": 15 + number % 30,
        "first_day": "next_day",
        "end": "end_of_day",
        "timezone": "Asia/Shanghai",
    }
    return Policy.model_validate(
        {
            "id": f"special_{number}",
            "title": f"promise {number}",
            "authority": "merchant",
            "version": 1,
            "effective": {"from": "2024-01-01T00:00:00"},
            "citations": ["bench"],
            "grade": "D",
            "scope": {"include": {"sku": [f"sku{number}"]}},
            "window": window,
            "conditions": [{"id": "intact", "test": "intact", "says": "-"}],
            "grants": [{"remedies": ["return_refund"]}],
            "amount": "paid",
            "freight": {"payer": "buyer"},
        }
    )


def rate(book: Policies, cases: list[Case]) -> float:
    """Verdicts a second of CPU time, best round."""
    best = 0.0
    for _ in range(ROUNDS):
        start = time.process_time()
        for case in cases:
            decide(book, case)
        best = max(best, len(cases) / (time.process_time() - start))
    return best


def whole_rate(book: Policies, facts: list[dict[str, Any]]) -> float:
    """The same from facts document to verdict document."""
    best = 0.0
    for _ in range(ROUNDS):
        start = time.process_time()
        for each in facts:
            decide(book, Case.from_json(each)).as_json()
        best = max(best, len(facts) / (time.process_time() - start))
    return best


def measure() -> dict[str, float]:
    """The numbers this file is for."""
    book, facts = load_policies(), everyday()
    cases = [Case.from_json(each) for each in facts]
    floor = [p for p in book if p.published][:20]
    small = Policies(floor, book.holidays)
    large = Policies([*floor, *(special(n) for n in range(200 - len(floor)))], book.holidays)
    shipped = Policies([*book, *(special(n) for n in range(200 - len(book)))], book.holidays)
    few, many = rate(small, cases), rate(large, cases)
    return {
        "policies_shipped": len(book),
        "decisions_per_s": round(rate(book, cases)),
        "json_to_json_per_s": round(whole_rate(book, facts)),
        "with_20_per_s": round(few),
        "with_200_per_s": round(many),
        "cost_200_over_20": round(few / many, 2),
        "shipped_and_specials_200_per_s": round(rate(shipped, cases)),
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))

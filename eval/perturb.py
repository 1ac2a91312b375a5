"""The same question worded otherwise: a slip of the keyboard, the other script, other words, another order.

A change never touches figures, Latin letters or what must be read exactly; a case that has nothing to change is left
out rather than counted as stable.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from functools import cache

from eval.case import EvalCase
from knowledge.text import script_of, to_traditional
from prompts import words

_HAN = re.compile("[\u4e00-\u9fff]")
_CLAUSES = re.compile(r"[，,。？?！!；;\s]+")


def perturbed(case: EvalCase, variant: str, seed: int) -> EvalCase | None:
    """The case with its last words changed, or None where this change does not apply."""
    if not case.turns or case.shopper is not None:
        return None
    turns = VARIANTS[variant](case.turns, random.Random(seed))
    return case.model_copy(update={"turns": turns}) if turns != case.turns else None


def _typo(turns: tuple[str, ...], dice: random.Random) -> tuple[str, ...]:
    """One slip in the last message: a character of the same sound, one too few, or one too many."""
    text = turns[-1]
    places = [at for at, char in enumerate(text) if _HAN.match(char)]
    if len(places) < 4:
        return turns
    slips = [_homophone, _missing, _doubled]
    dice.shuffle(slips)
    for slip in slips:
        if (changed := slip(text, places, dice)) != text:
            return (*turns[:-1], changed)
    return turns


def _homophone(text: str, places: list[int], dice: random.Random) -> str:
    known = _sounds()
    at = [place for place in places if text[place] in known]
    if not at:
        return text
    place = dice.choice(at)
    return text[:place] + dice.choice(known[text[place]]) + text[place + 1 :]


def _missing(text: str, places: list[int], dice: random.Random) -> str:
    light = [place for place in places if text[place] in words("eval_perturb")["light"]]
    if not light:
        return text
    place = dice.choice(light)
    return text[:place] + text[place + 1 :]


def _doubled(text: str, places: list[int], dice: random.Random) -> str:
    place = dice.choice(places)
    return text[:place] + text[place] * 2 + text[place + 1 :]


@cache
def _sounds() -> Mapping[str, str]:
    """Each character → the others a pinyin keyboard offers for the same keys."""
    found: dict[str, str] = {}
    for group in words("eval_perturb")["sounds"]:
        for char in group:
            found[char] = found.get(char, "") + group.replace(char, "")
    return found


def _traditional(turns: tuple[str, ...], dice: random.Random) -> tuple[str, ...]:
    """Everything in Traditional characters, as typed in Taiwan or Hong Kong."""
    if any(script_of(turn) in ("traditional", "mixed") for turn in turns):
        return turns
    variant = dice.choice(("tw", "hk"))
    return tuple(to_traditional(turn, "tw" if variant == "tw" else "hk") for turn in turns)


def _order(turns: tuple[str, ...], dice: random.Random) -> tuple[str, ...]:
    """The clauses of the last message the other way round; earlier messages too, where there are several."""
    clauses = [clause for clause in _CLAUSES.split(turns[-1]) if clause]
    earlier = turns[:-1]
    if len(earlier) > 1:
        earlier = (*reversed(earlier[:-1]), earlier[-1])
    if len(clauses) < 2:
        return (*earlier, turns[-1])
    return (*earlier, " ".join((*clauses[1:], clauses[0])))


def _paraphrase(turns: tuple[str, ...], dice: random.Random) -> tuple[str, ...]:
    """The last message by a small grammar: other words of the same meaning, another opening, another ending."""
    table, text = words("eval_perturb"), turns[-1]
    swaps = [group for group in table["same"] if any(word in text for word in group)]
    for group in dice.sample(swaps, min(2, len(swaps))):
        there = [word for word in group if word in text]
        if not there:
            continue  # another swap took it
        word = max(there, key=len)
        text = text.replace(word, dice.choice([w for w in group if w != word]), 1)
    before, after = dice.choice(table["before"]), dice.choice(table["after"])
    return (*turns[:-1], f"{before}{text.rstrip('?？。')}{after}")


VARIANTS: Mapping[str, Callable[[tuple[str, ...], random.Random], tuple[str, ...]]] = {
    "typo": _typo,
    "traditional": _traditional,
    "order": _order,
    "paraphrase": _paraphrase,
}
"""The name a command takes → the change."""

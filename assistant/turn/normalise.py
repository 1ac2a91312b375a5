"""One spelling for matching; the shopper's own words kept, personal numbers masked."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.turn.mask import mask
from assistant.turn.meaning import Said
from knowledge.text import fold, script_of


def normalise(text: str, before: Sequence[str] = ()) -> Said:
    """What the shopper typed, ready for every later stage. Nothing after this sees a phone or card number.

    Words that read the same in both scripts (“人工”) are in the script of the shopper's words `before`, newest last.
    """
    masked = mask(text).text
    scripts = (script_of(said) for said in (text, *reversed(before)))
    script = next((s for s in scripts if s in ("simplified", "traditional")), "simplified")
    return Said(
        original=masked, text=fold(masked).strip(), script="traditional" if script == "traditional" else "simplified"
    )

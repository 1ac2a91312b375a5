"""Whole sentences out of a stream: nothing is checked or shown before its sentence is complete."""

from __future__ import annotations

import re

LONGEST = 160
"""A stretch without an end mark is cut at a comma before this many characters, so that a stream never stalls."""
_UNCLOSED = 60
"""An opening mark this far back was never going to be closed."""
_OPENERS, _CLOSERS = "“‘「『（(《〈【[{", "”’」』）)》〉】]}"
_END = re.compile(
    rf"""(?:[。！？；…]|[!?;](?![a-z0-9=&])|(?<=[\u4e00-\u9fff])\.(?=\s|$)|\n)
         [。！？；…!?;.~～\s]*  # the rest of a “？！”, “……” or line break
         (?:[{re.escape(_CLOSERS)}"'][。！？；…!?;~～]*)*
         (?:\s*[\[【]\d{{1,2}}(?:[,，、]\s*\d{{1,2}})*[\]】])*  # the number of the passage it rests on
         \n*""",
    re.VERBOSE | re.IGNORECASE,
)
_MARKS = re.compile("[。！？；…!?;.\n]")
_COULD_GO_ON = re.compile(rf"[。！？；…!?;.~～\s{re.escape(_CLOSERS)}\"']|[\[【][\d,，、\s]*$")
_SOFT = re.compile(r"[，,、：:\s](?!\d)")


class SentenceStream:
    """Takes text as it comes, in pieces of any size, and gives back whole sentences.

    Decimals, ellipses, web addresses, quotations and bracketed asides stay in one sentence; what is given back, joined,
    is exactly what was pushed, and does not depend on where the pieces were cut.
    """

    def __init__(self) -> None:
        self._held = ""

    def push(self, piece: str) -> list[str]:
        """The sentences that `piece` completes. An end mark waits for the next character, which may belong to it."""
        self._held += piece
        return self._take(final=False)

    def flush(self) -> list[str]:
        """What is left when nothing more will come."""
        done = self._take(final=True)
        if self._held:
            done.append(self._held)
            self._held = ""
        return done

    def _take(self, *, final: bool) -> list[str]:
        done = []
        while self._held and (cut := _cut(self._held, final=final)):
            done.append(self._held[:cut])
            self._held = self._held[cut:]
        return done


def sentences(text: str) -> list[str]:
    """The sentences of `text`; joined, they are `text` again."""
    stream = SentenceStream()
    return stream.push(text) + stream.flush()


def _cut(text: str, *, final: bool) -> int | None:
    """Where the first sentence of `text` ends, or None while that is not known."""
    if len(text) <= LONGEST and not _MARKS.search(text):
        return None
    for match in _END.finditer(text):
        if match.end() > LONGEST:
            break
        if not final and _may_grow(text, match.end()):
            return None
        if _open_since(text, match.end()) < _UNCLOSED and _open_since(text, match.end()) > 0:
            continue
        if text[: match.end()].strip():
            return match.end()
    if len(text) <= LONGEST:
        return None
    return max((m.end() for m in _SOFT.finditer(text, LONGEST // 2, LONGEST)), default=LONGEST)


def _may_grow(text: str, end: int) -> bool:
    return end == len(text) or bool(_COULD_GO_ON.match(text, end))


def _open_since(text: str, end: int) -> int:
    """How far back the innermost mark still open at `end` was opened; 0 if none is."""
    opened: list[int] = []
    for place, char in enumerate(text[:end]):
        if char in _OPENERS:
            opened.append(place)
        elif char in _CLOSERS and opened:
            opened.pop()
    return end - opened[-1] if opened else 0

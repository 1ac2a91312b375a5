"""What a text is made of when it is matched: every character, every adjacent pair; Latin words and numbers whole.

Overlapping character pairs beat word cutting for shoppers' Chinese (no segmenter knows 七天无理由), and need no
dictionary. A feature has two faces: a readable name (`退_货`) for the vocabulary file, and a 64-bit number for
everything that must be quick. Both are built from the same tokens, so they cannot drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from knowledge.text import fold

Ids = NDArray[np.uint64]


_TOKEN = re.compile(r"[a-z]+|\d+(?:\.\d+)?|[^\W_]")
_SENTENCE_END = re.compile(r"(?<=[。！？；!?;\n])")

_PLACEHOLDER = re.compile(r"\[[^\[\]]{1,12}\]|#e-[a-z]\S*|\*{2,}|https?://\S+")
_LONG_NUMBER = re.compile(r"(?:订单号?|单号|编号|运单号?)?[:：]?(?<![\d.])[a-z]{0,4}\d{8,}(?![\d.])")
_EDGE = r"[\s,，.。!！?？~～、…:：;；]*"
_GREETING = re.compile(
    rf"^{_EDGE}(?:(?:在吗|在不在|在么|在嘛|有人吗|有人在吗|有客服吗|您好|你好|哈喽|哈啰|hello|hi|嗨|亲亲|亲|老板|店家|掌柜的?|客服|小二"
    rf"|美女|请问一下|请问下|请问|问一下|问下|我想问一下|我想问下|想问一下|想问下|想咨询一下|咨询一下|麻烦问一下|打扰一下|打扰了?)"
    rf"(?:吗|呀|啊|哦|呢|哈|的)?{_EDGE})"
)
_THANKS = re.compile(
    r"[\s,，.。!！~～、]*(?:谢谢(?:您|你|啦|了|哦|亲)?|多谢|感谢|麻烦(?:您|你)?了|辛苦(?:您|你)?了|拜托了|thanks)[\s,，.。!！~～]*$"
)


@lru_cache(maxsize=512)  # one question is read by the index, the model and the judge of the answer
def tokens(text: str) -> tuple[str, ...]:
    """Characters, Latin words and numbers of `text` after folding; punctuation and space are gone."""
    return tuple(_TOKEN.findall(fold(text)))


def features(text: str) -> list[str]:
    """Readable features of `text`, in order, repeats kept: `退`, `货`, `退_货`."""
    own = tokens(text)
    return [*own, *(f"{left}_{right}" for left, right in pairwise(own))]


@lru_cache(maxsize=512)
def clean(question: str) -> str:
    """A shopper's message as it is searched: no greeting, thanks, order number or placeholder.

    Worth 0.8 to 1.8 points hit@1 on real messages. A part is only dropped while two characters of matter stay.
    """
    text = fold(question)
    for pattern in (_PLACEHOLDER, _LONG_NUMBER, _THANKS):
        text = _without(pattern, text)
    while (shorter := _without(_GREETING, text)) != text:
        text = shorter
    return text.strip()


def _without(pattern: re.Pattern[str], text: str) -> str:
    shorter = pattern.sub(" ", text)
    return shorter if len(_TOKEN.findall(shorter)) >= 2 else text


def sentences(text: str) -> list[str]:
    """The sentences of `text`, end marks kept, blank ones dropped."""
    return [s.strip() for s in _SENTENCE_END.split(text) if s.strip()]


def _number(token: str) -> int:
    # One character is its code point; a longer token is hashed into numbers no code point reaches.
    return ord(token) if len(token) == 1 else crc32(token.encode()) | 0x8000_0000


def name_ids(names: Iterable[str]) -> Ids:
    """The numbers of features given by name, e.g. of a vocabulary file."""
    out = []
    for name in names:
        left, _, right = name.partition("_")
        out.append(_number(left) << 32 | _number(right) if right else _number(left))
    return np.array(out, dtype=np.uint64)


def feature_ids(texts: Sequence[str]) -> tuple[Ids, NDArray[np.int64]]:
    """Features of all `texts` as one array, and how many belong to each text (repeats kept)."""
    numbers: list[int] = []
    lengths = np.empty(len(texts), dtype=np.int64)
    for at, text in enumerate(texts):
        own = [_number(token) for token in tokens(text)]
        lengths[at] = len(own)
        numbers += own
    ones = np.array(numbers, dtype=np.uint64)
    if not len(ones):
        return ones, lengths
    both = np.empty(2 * len(ones), dtype=np.uint64)
    both[0::2] = ones
    both[1::2] = 0
    both[1:-1:2] = ones[:-1] << np.uint64(32) | ones[1:]
    # The pair that would reach across the end of a text is no pair.
    keep = np.ones(len(both), dtype=bool)
    keep[2 * np.cumsum(lengths[lengths > 0]) - 1] = False
    return both[keep], np.maximum(2 * lengths - 1, 0)

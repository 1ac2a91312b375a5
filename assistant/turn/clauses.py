"""Cuts one message into the questions it asks: “发什么快递？还有能开发票吗” asks two things."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STOP = re.compile(r"([?？!！。；;\n…~～]+)")
_ALSO = r"还有(?!货|没|吗|么|木|得|的|有|几|多|哪|效|用|咋|怎)|另外|顺便|对了|再就是|再问|还想问|再帮我"
_AND_ALSO = re.compile(rf"[，,、 ]*(?={_ALSO})")
_MIDWAY = re.compile(r"(?:(?<=[吗嘛])|(?<=[^什怎那这多甚]么))(?=[^吗么嘛啊呀呢，,]{3,})")
_NUMBERED = re.compile(
    r"(?:^|(?<=[\s，,。；;?？]))(?:\d{1,2}(?:[、)）]|\.(?!\d))|[①②③④⑤⑥]|第[一二三四五]个?[，,、是])\s*"
)
_COMMA = re.compile(r"[，,、\s]+")
_ASKING = re.compile(
    r"吗|呢|么|嘛|多少|多[大高重快远厚宽沉]|多会儿|(?<!好)几|怎|咋|点[解样]|什么|啥|乜|哪|边[个度]|谁|能不|可不|可以|能否|是否|是不|有没|有木|会不|要不|多久|多长|为何|为什|不$|没$|没有$|不能?$|行不|能.{0,6}不$|求|帮|(.)不\1"
)
_WHOLE = 4
"""Letters from which a stretch with a question mark is a question of its own."""
_LEANING = re.compile(r"(?:这样|那样|这么|咋办|怎么办|咋整|怎么个|咋个|各是|各要|各多少|分别|一共|总共|合计)")
"""How a question begins that asks about what was just said."""
_OPENER = re.compile(
    rf"^(?:(?:(?:{_ALSO})就?是?|顺便(?:再?问一?下|说)?|再问一?下?|然后|还想问一?下?|请问(?:一下)?|那个|就是|我?想问(?:一?下)?"
    r"|问一?下|亲+(?!子|肤|测|自)|你好|您好|在吗|在么|hello|hi)[，,、。!！\s]*)+",
    re.IGNORECASE,
)


def is_question(clause: str) -> bool:
    """Whether a clause asks something, by its words alone (most shoppers type no question mark)."""
    return bool(_ASKING.search(clause))


def strip_opener(clause: str) -> str:
    """The clause without “对了 / 另外 / 请问 / 你好”; empty where it is nothing else."""
    return _OPENER.sub("", clause.strip(" ，,、。"))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the message."""

    text: str
    announced: bool
    """Begun as one more question: “还有…”, “顺便…”."""
    asks: bool
    """Whether it asks, by its words or its question mark."""


def _pieces(text: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    stretches = _STOP.split(_NUMBERED.sub("\n", text))
    for stop, mark in zip(stretches[::2], [*stretches[1::2], ""], strict=True):
        for number, joined in enumerate(_AND_ALSO.split(stop)):
            parts = [p for p in _COMMA.split(joined) if p]
            # A comma parts two questions only where both sides ask: “衣服大了，能换吗” is one.
            if len(parts) > 1 and all(is_question(p) and len(p) >= 4 for p in parts):
                pieces.extend(_Piece(part, False, True) for part in parts)
                continue
            for middle in _MIDWAY.split(joined):
                bare = middle.strip(" ，,、")
                if any(c.isalnum() for c in bare):
                    asks = is_question(bare) or (len(bare) >= _WHOLE and not {"?", "？"}.isdisjoint(mark))
                    pieces.append(_Piece(bare, number > 0, asks))
    return pieces


def clauses(text: str) -> list[str]:
    """The questions in `text`, in order, each with the statements that lead up to it."""
    asks: list[str] = []
    waiting: list[str] = []
    for piece in _pieces(text):
        bare = strip_opener(piece.text)
        if not bare:
            continue
        if piece.announced and waiting:
            asks.append("，".join(waiting))
            waiting = []
        if asks and _LEANING.match(bare):
            asks[-1] = "，".join([asks[-1], *waiting, bare])
            waiting = []
        elif piece.asks or (piece.announced and len(bare) >= 2):
            asks.append("，".join([*waiting, bare]))
            waiting = []
        else:
            waiting.append(bare)
    if waiting and asks:
        asks[-1] = "，".join([asks[-1], *waiting])
    elif waiting:
        asks = ["，".join(waiting)]
    return asks or ([text.strip()] if any(c.isalnum() for c in text) else [])

"""Cuts one message into the questions it asks: “发什么快递？还有能开发票吗” asks two things."""

from __future__ import annotations

import re

_STOP = re.compile(r"[?？!！。；;\n…~～]+")
_ALSO = r"还有(?!货|没|吗|么|木|得|的|有|几|多|哪)|另外|顺便|对了|再就是|再问|还想问|再帮我"
_AND_ALSO = re.compile(rf"[，,、 ]*(?={_ALSO})")
_MIDWAY = re.compile(r"(?:(?<=[吗嘛])|(?<=[^什怎那这多甚]么))(?=[^吗么嘛啊呀呢，,]{3,})")
_NUMBERED = re.compile(r"(?:^|(?<=[\s，,。；;?？]))(?:\d{1,2}[.、)）]|[①②③④⑤⑥]|第[一二三四五]个?[，,、是])\s*")
_COMMA = re.compile(r"[，,、\s]+")
_ASKING = re.compile(
    r"吗|呢|么|嘛|多少|几|怎|咋|什么|啥|哪|谁|能不|可不|可以|能否|是否|是不|有没|有木|会不|要不|多久|多长|为何|为什|不$|没$|没有$|不能?$|行不|能.{0,6}不$|求|帮|(.)不\1"
)
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


def _pieces(text: str) -> list[tuple[str, bool]]:
    """Stretches of the message, each with whether it was announced as one more question (“还有…”, “顺便…”)."""
    pieces: list[tuple[str, bool]] = []
    for stop in _STOP.split(_NUMBERED.sub("\n", text)):
        for number, joined in enumerate(_AND_ALSO.split(stop)):
            parts = [p for p in _COMMA.split(joined) if p]
            # A comma parts two questions only where both sides ask: “衣服大了，能换吗” is one.
            if len(parts) > 1 and all(is_question(p) and len(p) >= 4 for p in parts):
                pieces.extend((part, False) for part in parts)
                continue
            for middle in _MIDWAY.split(joined):
                bare = middle.strip(" ，,、")
                if any(c.isalnum() for c in bare):
                    pieces.append((bare, number > 0))
    return pieces


def clauses(text: str) -> list[str]:
    """The questions in `text`, in order, each with the statements that lead up to it."""
    asks: list[str] = []
    waiting: list[str] = []
    for piece, also in _pieces(text):
        bare = strip_opener(piece)
        if not bare:
            continue
        if also and waiting:
            asks.append("，".join(waiting))
            waiting = []
        if is_question(piece) or (also and len(bare) >= 2):
            asks.append("，".join([*waiting, bare]))
            waiting = []
        else:
            waiting.append(bare)
    if waiting and asks:
        asks[-1] = "，".join([asks[-1], *waiting])
    elif waiting:
        asks = ["，".join(waiting)]
    return asks or ([text.strip()] if any(c.isalnum() for c in text) else [])

"""Hides personal data before anything else sees a message: one way, no key, nothing kept.

What must not be lost stays: order numbers, tracking numbers, SKUs, amounts, dates, the province and city of an
address, the ends of a mobile number (个人信息保护法 第六条: no more than the purpose needs).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from assistant.turn.digits import UNSEEN, Group, runs
from assistant.turn.lexicon import alternation, level
from assistant.turn.personal import grouped_like_a_phone, is_card, is_identity, is_landline, is_phone
from assistant.turn.places import addresses
from prompts import words

Kind = Literal["phone", "landline", "identity", "card", "email", "address", "name", "plate", "code", "contact"]


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without personal data."""

    text: str
    found: tuple[Kind, ...] = ()
    """What was hidden, in order; never the data itself."""


@dataclass(frozen=True, slots=True)
class _Hidden:
    start: int
    end: int
    kind: Kind
    shown: str


def mask(text: str) -> Masked:
    """`text` with mobile and landline numbers, 身份证, bank cards, e-mail, addresses, names and the like hidden.

    Masking twice is masking once.
    """
    if not text:
        return Masked(text)
    plain = level(text).lower()
    if len(plain) != len(text):
        plain = text
    hidden = sorted((*_numbers(text, plain), *_words(plain)), key=lambda h: (h.start, -h.end))
    kept: list[_Hidden] = []
    for one in hidden:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
        elif one.end > kept[-1].end:
            last = kept.pop()
            kept.append(_Hidden(last.start, one.end, last.kind, last.shown))
    out, place = "", 0
    for one in kept:
        out += text[place : one.start] + one.shown
        place = one.end
    return Masked(out + text[place:], tuple(one.kind for one in kept))


@dataclass(frozen=True, slots=True)
class _Lexicon:
    shown: dict[str, str]
    order: re.Pattern[str]
    phone: re.Pattern[str]
    identity: re.Pattern[str]
    card: re.Pattern[str]
    landline: re.Pattern[str]
    code: re.Pattern[str]
    code_after: re.Pattern[str]
    contact: re.Pattern[str]
    name: re.Pattern[str]
    not_names: frozenset[str]
    after_name: str
    never_given: str
    titles: frozenset[str]


@cache
def _lexicon() -> _Lexicon:
    table: dict[str, Any] = words("lexicon_mask")
    surname = f"(?:{alternation(table['double_surnames'])}|[{table['surnames']}])"
    return _Lexicon(
        shown=table["shown"],
        order=re.compile(table["order_before"]),
        phone=re.compile(table["phone_before"]),
        identity=re.compile(table["identity_before"]),
        card=re.compile(table["card_before"]),
        landline=re.compile(table["landline_before"]),
        code=re.compile(table["code_before"]),
        code_after=re.compile(table["code_after"]),
        contact=re.compile(table["contact"]),
        name=re.compile(rf"{table['name_before']}(?P<name>(?P<surname>{surname})[\u4e00-\u9fff·]{{1,3}})"),
        not_names=frozenset(table["not_names"]),
        after_name=table["after_name"],
        never_given=table["never_given"],
        titles=frozenset(table["titles"]),
    )


def _numbers(text: str, plain: str) -> Iterator[_Hidden]:
    for groups in runs(text):
        taken = 0
        while taken < len(groups):
            found = _first(text, plain, groups, taken)
            if found is None:
                taken += 1
                continue
            hidden, taken = found
            yield hidden


def _first(text: str, plain: str, groups: list[Group], at: int) -> tuple[_Hidden, int] | None:
    """What begins with group `at`: the longest reading that is some kind of number."""
    digits = ""
    best: tuple[_Hidden, int] | None = None
    for stop in range(at, min(len(groups), at + 20)):
        if stop > at and "\n" in groups[stop].before and len(groups[stop].before) > 1:
            break
        digits += groups[stop].digits
        if len(digits) > 23:
            break
        window = groups[at : stop + 1]
        start, end = window[0].start, window[-1].end
        if end < len(text) and text[end] in "xXＸ" and len(digits) == 17:
            end += 1
        kind = _kind(plain, window, digits, start, end)
        if kind:
            start, end = _whole(text, start, end)
            best = (_Hidden(start, end, kind, _shown(kind, digits)), stop + 1)
    return best


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """With the plus, the bracket or the invisible signs that belong to the number."""
    while end < len(text) and UNSEEN.match(text[end]):
        end += 1
    if text[max(0, start - 1) : start] in ("+", "＋") or (
        text[max(0, start - 1) : start] in "(（" and ")" in text[start:end]
    ):
        start = max(0, start - 1)
    return start, end


def _shown(kind: Kind, digits: str) -> str:
    shown = _lexicon().shown[kind]
    number = digits[-11:]
    return shown.format(head=number[:3], tail=number[-4:]) if kind == "phone" else shown


def _kind(plain: str, window: list[Group], digits: str, start: int, end: int) -> Kind | None:
    lexicon = _lexicon()
    before = plain[max(0, start - 24) : start]
    after = plain[end : end + 8]
    ordered = bool(lexicon.order.search(before)) and not lexicon.phone.search(before)
    stuck = _stuck(before, after)
    if len(window) == 1 and 4 <= len(digits) <= 8:
        if lexicon.code.search(before) or (len(digits) in (4, 6) and lexicon.code_after.search(after)):
            return "code"
        if len(digits) >= 7 and digits[0] not in "019" and _called(before):
            return "landline"
        return None
    if is_identity(_with_check_letter(plain, digits, end), bool(lexicon.identity.search(before)), ordered):
        return "identity"
    if stuck:
        return None
    if is_phone(digits) and not ordered and grouped_like_a_phone(window, bool(lexicon.phone.search(before))):
        return "phone"
    if lexicon.card.search(before) and 14 <= len(digits) <= 19:
        return "card"
    if not ordered and is_card(digits):
        return "card"
    if not ordered and is_landline(window, digits):
        return "landline"
    return None


def _with_check_letter(plain: str, digits: str, end: int) -> str:
    return digits + "x" if len(digits) == 17 and plain[end - 1] == "x" else digits


def _called(before: str) -> bool:
    return bool(_lexicon().landline.search(before)) and "客服" not in before


_ADDRESS_OF_A_PAGE = re.compile(r"\.[a-z]{2,4}/\S*$|://\S*$|[?&]\w+=$")
_WORD_BEFORE = re.compile(r"(?:tel|phone|mobile|call|vx|wx|v|t|电话)[:：\s]*$")


def _stuck(before: str, after: str) -> bool:
    """Whether a Latin letter, a decimal or a currency sign holds on to the digits: a code or an amount."""
    last, following = before[-1:], after[:1]
    if last.isascii() and last.isalpha() and not _WORD_BEFORE.search(before):
        return True
    if last and last in "/=" and _ADDRESS_OF_A_PAGE.search(before):
        return True
    if last in ("¥", "$", "￥") or (following.isascii() and following.isalpha()):
        return True
    return following in ("元", "块")


_EMAIL = re.compile(
    r"[a-z0-9][a-z0-9._+-]{0,40}\s*(?:@|\(at\)|\[at\]|艾特|#at#)\s*[a-z0-9-]{1,30}\s*(?:\.|点|dot)\s*"
    r"(?:com|cn|net|org|edu|gov|hk|tw|io|me|vip|co)(?:\s*(?:\.|点)\s*(?:cn|hk|tw))?(?![a-z])"
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-hj-np-z]\s?[·•.\-]?\s?"
    r"(?=(?:[a-z]*\d){2})(?:[a-hj-np-z0-9]{5,6}|[a-hj-np-z0-9]{4}[学警港澳挂])(?![a-z0-9])"
)


def _words(plain: str) -> Iterator[_Hidden]:
    lexicon = _lexicon()
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(plain):
            yield _Hidden(*match.span(), kind, lexicon.shown[kind])
    for match in lexicon.contact.finditer(plain):
        group = "id" if match["id"] else "qq"
        yield _Hidden(*match.span(group), "contact", lexicon.shown["contact"])
    for start, end in addresses(plain):
        yield _Hidden(start, end, "address", lexicon.shown["address"])
    for match in lexicon.name.finditer(plain):
        if (stop := _name_end(match)) is not None:
            yield _Hidden(match.start("name"), stop, "name", lexicon.shown["name"])


_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (("email", _EMAIL), ("plate", _PLATE))


def _name_end(match: re.Match[str]) -> int | None:
    """Where the name ends; None where the words are no name (“收件人写错了”)."""
    lexicon = _lexicon()
    name, surname = match["name"], match["surname"]
    if name[:2] in lexicon.not_names or name[1:3] in lexicon.not_names:
        return None
    rest = name[len(surname) :]
    if rest[0] in lexicon.never_given:
        return None
    given = 1
    while given < min(2, len(rest)) and rest[given] not in lexicon.after_name:
        given += 1
    title = next((at for at in range(given) if rest[at : at + 2] in lexicon.titles), given)
    return match.start("name") + len(surname) + title if title else None


def found_kinds(texts: Iterable[str]) -> frozenset[Kind]:
    """Every kind of personal data in `texts`; for audits of logs and exports."""
    return frozenset(kind for text in texts for kind in mask(text).found)

"""Tells personal numbers by their make: mobile, landline, identity card, bank card."""

from __future__ import annotations

import re

from assistant.turn.digits import Group

_PHONE = re.compile(r"(?:(?:00)?86)?(1[3-9]\d{9})")
_SHAPES = {
    (11,),
    (3, 4, 4),
    (4, 4, 3),
    (3, 3, 5),
    (3, 8),
    (7, 4),
    (4, 7),
    (5, 6),
    (6, 5),
    (3, 4, 2, 2),
    (3, 2, 2, 2, 2),
}


def is_phone(digits: str) -> bool:
    """Whether these are a mainland mobile number, with or without 86."""
    return bool(_PHONE.fullmatch(digits))


def _sizes(window: list[Group]) -> list[int]:
    """Digits per group; groups with nothing between them (138零零…) are one."""
    sizes: list[int] = []
    for group in window:
        if sizes and not group.before:
            sizes[-1] += len(group.digits)
        else:
            sizes.append(len(group.digits))
    return sizes


def grouped_like_a_phone(window: list[Group], called: bool) -> bool:
    """Whether the groups are how people part a phone number; any way will do where the words before say it is one."""
    sizes = _sizes(window)
    if window[0].digits in ("86", "0086") and len(sizes) > 1:
        sizes = sizes[1:]
    elif sum(sizes) > 11:
        sizes[0] -= sum(sizes) - 11
    return tuple(sizes) in _SHAPES or called or max(sizes) == 1


_REGION = re.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91)\d{4}")
_BORN = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_identity(digits: str, named: bool, ordered: bool) -> bool:
    """Whether these are a 身份证 number: region, birth date and check digit (GB 11643).

    `named`: the words before speak of an identity card, so a slip in the number does not save it. `ordered`: they
    speak of an order, and only a right check digit makes it an identity number.
    """
    if len(digits) == 15:
        return named and bool(_REGION.match(digits))
    if len(digits) != 18:
        return False
    if not _REGION.match(digits) or not _BORN.match(digits, 6):
        return named
    remainder = sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=False)) % 11
    return "10x98765432"[remainder] == digits[-1] or named or not ordered


_ISSUED = re.compile(r"62\d{14,17}|(?:4\d|5[1-5]|2[2-7]|35)\d{14}|3[47]\d{13}|(?:9558|9559|6[0-9]{3})\d{12,15}")


def is_card(digits: str) -> bool:
    """Whether these are a bank card: a known issuer's prefix and length, and the check digit (GB/T 17710, Luhn)."""
    if not _ISSUED.fullmatch(digits):
        return False
    doubled = (int(d) * 2 for d in digits[-2::-2])
    return (sum(int(d) for d in digits[-1::-2]) + sum(d - 9 if d > 9 else d for d in doubled)) % 10 == 0


_AREA = re.compile(r"(?:0(?:10|2[0-57-9])\d{8}|0[3-9]\d{2}\d{7,8})")


def is_landline(window: list[Group], digits: str) -> bool:
    """Whether these are a landline number with its area code, and perhaps an extension."""
    sizes = _sizes(window)
    if len(sizes) == 3 and sizes[-1] <= 4 and sum(sizes[:2]) in (10, 11, 12):  # with an extension
        digits = digits[: sum(sizes[:2])]
    elif len(sizes) > 2:
        return False
    return bool(_AREA.fullmatch(digits))

"""Dates, money and sentences as a shopper reads them. The sentences themselves are data."""

from __future__ import annotations

from datetime import datetime, time

from assistant.policy.names import data

_WORDS = data("words")
_REASONS: dict[str, str] = _WORDS["reasons"]
_WORKING: dict[str, str] = _WORDS["working"]
TRIGGERS: dict[str, str] = _WORDS["triggers"]
SAYS: dict[str, str] = _WORDS["says"]
PAYERS: dict[str, str] = _WORDS["payers"]
CAMPAIGN: str = _WORDS["campaign"]
UNITS: dict[str, str] = _WORDS["units"]
_LAST = time(23, 59, 59)


def reason(key: str, **slots: object) -> str:
    """A reason by key. Raises `KeyError` on a sentence or slot that does not exist."""
    return _REASONS[key].format(**slots)


def working(key: str, **slots: object) -> str:
    """One line of the arithmetic."""
    return _WORKING[key].format(**slots)


def yuan(fen: int) -> str:
    """¥128.57, and ¥100 without needless zeros."""
    sign, fen = ("−", -fen) if fen < 0 else ("", fen)
    whole, cents = divmod(fen, 100)
    return f"{sign}¥{whole}.{cents:02d}" if cents else f"{sign}¥{whole}"


def day(moment: datetime) -> str:
    """11月5日."""
    return f"{moment.month}月{moment.day}日"


def until(moment: datetime) -> str:
    """A deadline in words: 11月12日24:00 for the last second of a day, else to the minute."""
    if moment.time() == _LAST:
        return f"{moment.year}年{moment.month}月{moment.day}日24:00"
    return f"{moment.year}年{moment.month}月{moment.day}日{clock(moment)}"


def at(moment: datetime) -> str:
    """11月12日 23:59."""
    return f"{moment.month}月{moment.day}日{clock(moment)}"


def clock(moment: datetime) -> str:
    """23:59."""
    return f"{moment.hour:02d}:{moment.minute:02d}"

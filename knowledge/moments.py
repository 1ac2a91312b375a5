"""Dates as shops write them, and back: 2026-11-11, 2026年11月11日 20:00, 20261111, Excel's day numbers."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China keeps one time and no summer time; a fixed offset needs no time zone files on the machine."""

_NEVER = frozenset(
    (
        "",
        "-",
        "--",
        "—",
        "/",
        "无",
        "無",
        "长期",
        "長期",
        "永久",
        "永远",
        "长期有效",
        "永久有效",
        "不限",
        "none",
        "null",
        "n/a",
    )
)
_DATE = re.compile(
    r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*[日号]?"
    r"(?:[T\s]*(?P<H>\d{1,2})\s*[:时点]\s*(?:(?P<M>\d{1,2})\s*分?)?(?:\s*:\s*(?P<S>\d{1,2})(?:\.\d+)?)?\s*秒?)?"
)
_LONGEST = 40
_SHORT = re.compile(r"(20\d{2})(\d{2})(\d{2})")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=SHANGHAI)


def parse_moment(written: str, *, end: bool) -> datetime | None:
    """The moment meant, in Asia/Shanghai unless it names a zone; None for 长期 and the like.

    A bare end date counts to 24:00 of that day, and so does 23:59. Raises `ValueError` when it cannot be read.
    """
    text = unicodedata.normalize("NFKC", written).strip()
    if text.lower() in _NEVER:
        return None
    if len(text) > _LONGEST:
        raise ValueError(f"no date is {len(text)} characters long")
    if found := _DATE.fullmatch(text):
        day = datetime(int(found["y"]), int(found["m"]), int(found["d"]), tzinfo=SHANGHAI)
        if found["H"] is None:
            return day + timedelta(days=1) if end else day
        return _at(day, int(found["H"]), int(found["M"] or 0), int(found["S"] or 0), end)
    if found := _SHORT.fullmatch(text):
        day = datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=SHANGHAI)
        return day + timedelta(days=1) if end else day
    if _SERIAL.fullmatch(text) and 36_000 <= float(text) < 80_000:
        moment = _EXCEL_EPOCH + timedelta(days=float(text))
        return moment + timedelta(days=1) if end and float(text).is_integer() else moment
    moment = datetime.fromisoformat(text)
    return moment.astimezone(SHANGHAI) if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def show_moment(moment: datetime | None, *, end: bool) -> str:
    """`moment` as `parse_moment` reads it back to the same instant; a bare date where that is enough."""
    if moment is None:
        return ""
    local = moment.astimezone(SHANGHAI)
    if local.hour or local.minute or local.second or local.microsecond:
        return local.isoformat()
    return f"{local - timedelta(days=1) if end else local:%Y-%m-%d}"


def _at(day: datetime, hour: int, minute: int, second: int, end: bool) -> datetime:
    if hour == 24 and not minute and not second:
        return day + timedelta(days=1)
    moment = day.replace(hour=hour, minute=minute, second=second)
    if end and (hour, minute) == (23, 59) and second in (0, 59):
        return day + timedelta(days=1)
    return moment

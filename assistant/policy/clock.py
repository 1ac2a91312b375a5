"""Until when. Windows open with an event, count in the shop's days, and close at a moment nobody can argue about."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from assistant.errors import HouseError
from assistant.policy.facts import SHANGHAI
from assistant.policy.model import Window
from assistant.policy.view import View

Bounds = tuple[datetime | None, datetime | None, str, date | None]
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
MOST_BOUNDS = 100_000
"""Windows remembered before starting afresh: some years of days for some dozens of windows."""


class MissingHolidayYear(HouseError):
    """A window ends in a year whose holidays nobody has entered; guessing would give a wrong date."""

    status = 500
    code = "missing_holiday_year"
    says = "节假日表没有 {year} 年；请按国务院办公厅通知把 {year} 年加进 holidays.yaml（放在策略目录即可），再重新加载"


@dataclass(frozen=True, slots=True)
class Year:
    off: frozenset[date]
    """Days of statutory holidays as arranged by the State Council."""
    work: frozenset[date]
    """Weekend days worked in exchange."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """Holidays by year, from the yearly notice of the State Council."""

    years: Mapping[int, Year] = field(default_factory=dict)
    bounds: dict[tuple[int, int], Bounds] = field(default_factory=dict, compare=False, repr=False)
    """Windows (kept for good, see `rules`) already laid over a starting day."""

    def year(self, day: date) -> Year:
        """The table for this day's year. Raises `MissingHolidayYear`."""
        try:
            return self.years[day.year]
        except KeyError:
            raise MissingHolidayYear(year=day.year) from None

    def next_open(self, day: date, *, weekends: bool) -> date:
        """`day`, or the first day after the holiday it falls into (民法典 第二百零三条)."""
        while self.closed(day, weekends=weekends):
            day += DAY
        return day

    def closed(self, day: date, *, weekends: bool) -> bool:
        """Whether nobody works that day: a statutory holiday and, if `weekends` count, a weekend not worked."""
        year = self.year(day)
        return day in year.off or (weekends and day.weekday() >= 5 and day not in year.work)


@dataclass(frozen=True, slots=True)
class Span:
    """A window laid over a case: by the strict reading, and by the reading best for the buyer."""

    closes: datetime | None = None
    """First moment outside by the strict reading; None: it has not started or cannot be known."""
    may_close: datetime | None = None
    """First moment outside by the kindest reading; None with `doubt`: cannot be known."""
    doubt: str = ""
    """What the two readings differ by: `consent`, `roll` or `grace`."""
    missing: tuple[str, ...] = ()
    """Facts that would settle it."""
    started: datetime | None = None
    rolled_from: date | None = None
    """The plain last day, when a holiday moved it."""
    paused_days: int = 0

    def holds(self, moment: datetime) -> bool | None:
        """Whether `moment` is inside; None where the readings differ or the start is unknown."""
        if self.closes is None:
            return None
        if moment < self.closes:
            return True
        if not self.doubt:
            return False
        return None if self.may_close is None or moment < self.may_close else False

    @property
    def deadline(self) -> datetime | None:
        """The last open second by the strict reading."""
        return None if self.closes is None else self.closes - SECOND

    @property
    def kindest_deadline(self) -> datetime | None:
        """The last open second by the reading best for the buyer."""
        return self.deadline if self.may_close is None else self.may_close - SECOND


def midnight(day: date) -> datetime:
    """The first moment of a day in the shop's zone."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def add_months(day: date, months: int) -> date:
    """The same day so many months on, or the month's last day if it has no such day (民法典 第二百零二条)."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def add_workdays(day: date, count: int, holidays: Holidays) -> date:
    """The `count`-th working day after `day`."""
    while count:
        day += DAY
        if not holidays.closed(day, weekends=True):
            count -= 1
    return day


def last_day(start: date, window: Window, holidays: Holidays, paused_days: int = 0) -> date:
    """The last whole day of a window that ends at 24:00, before any holiday moves it."""
    length = window.length or 0
    if window.unit == "month":
        last = add_months(start, length)
    elif window.unit == "workday":
        last = add_workdays(start, length, holidays)
    elif window.unit == "hour":
        last = start + timedelta(hours=length)
    else:
        last = start + timedelta(days=length)
    if window.first_day == "same_day":  # the starting day counts as day one
        last -= DAY
    return last + timedelta(days=paused_days)


def closes_at(start: datetime, window: Window, holidays: Holidays, paused_days: int = 0) -> tuple[datetime, date]:
    """The first moment outside a window that began at `start`, and the last day before a holiday moved it.

    Raises `MissingHolidayYear` if the window moves with holidays and the year is not in the table.
    """
    if window.end == "exact_moment":
        length = window.length or 0
        hours = length if window.unit == "hour" else length * 24
        # The moment itself is still inside: 48 hours from 10:00:00 include 10:00:00.
        closes = start + timedelta(hours=hours, days=paused_days) + SECOND
        return closes, (closes - SECOND).date()
    plain = last_day(start.date(), window, holidays, paused_days)
    last = plain
    if window.holiday_rollover != "none":
        last = holidays.next_open(plain, weekends=window.holiday_rollover == "statutory_and_weekend")
    return midnight(last + DAY), plain


def paused(view: View, since: datetime) -> int:
    """Whole days in repair since `since`, the day it was handed in not counted (消法实施条例 第十八条)."""
    days = 0
    for start, end in view.repairs():
        if start >= since:
            days += ((end or view.case.now).date() - start.date()).days
    return days


def span(window: Window, view: View, holidays: Holidays) -> Span:
    """Lay the window over one line of a case; once for all rules that share it."""
    known: dict[int, Span] = view.spans
    if id(window) not in known:
        known[id(window)] = _span(window, view, holidays)
    return known[id(window)]


def _span(window: Window, view: View, holidays: Holidays) -> Span:
    start, kinder, doubt, missing = _starts(window, view)
    if start is None:
        return Span(missing=missing)
    rest = paused(view, start) if window.pause_while else 0
    if doubt or rest or window.end != "end_of_day":
        closes, may_close, differ, rolled = _bounds(window, start, holidays, rest)
    else:
        # Only the day counts, and many orders share it.
        key = (id(window), start.toordinal())
        if key not in holidays.bounds:
            if len(holidays.bounds) >= MOST_BOUNDS:
                holidays.bounds.clear()
            holidays.bounds[key] = _bounds(window, start, holidays, 0)
        closes, may_close, differ, rolled = holidays.bounds[key]
    if doubt:
        differ = doubt
        may_close = _bounds(window, kinder, holidays, rest)[0] if kinder is not None else None
    return Span(closes, may_close, differ, missing, start, rolled, rest)


def _bounds(window: Window, start: datetime, holidays: Holidays, rest: int) -> Bounds:
    """First moment outside, strictly and by the kindest reading, what they differ by, and the day a holiday moved."""
    if window.length is None:
        if window.end_date is None:
            return None, None, "", None
        closes, plain = midnight(window.end_date + DAY), window.end_date
    else:
        closes, plain = closes_at(start, window, holidays, rest)
        if window.end_date is not None:
            closes = max(closes, midnight(window.end_date + DAY))
    may_close, doubt = _kinder(window, closes, plain, holidays)
    moved = window.end == "end_of_day" and window.end_date is None and closes > midnight(plain + DAY)
    return closes, may_close, doubt, plain if moved else None


def _kinder(window: Window, closes: datetime, plain: date, holidays: Holidays) -> tuple[datetime, str]:
    """The reading best for the buyer: weekends counted as days off, and the shop's own grace."""
    kindest, doubt = closes, ""
    if window.holiday_rollover == "statutory":
        rolled = midnight(holidays.next_open(plain, weekends=True) + DAY)
        if rolled > kindest:
            kindest, doubt = rolled, "roll"
    if window.grace_hours:
        graced = closes + timedelta(hours=window.grace_hours)
        if graced > kindest:
            kindest, doubt = graced, "grace"
    return kindest, doubt


def _starts(window: Window, view: View) -> tuple[datetime | None, datetime | None, str, tuple[str, ...]]:
    """When it began: strictly, by the kindest reading, what the doubt is, and which facts would settle it."""
    names = window.trigger
    for tag, other in window.by_tag.items():
        if tag in view.tags:
            names = (other,)
    start, name = None, names[0]
    for name in names:
        start = view.moment(name)
        if start is not None:
            break
    if start is None:
        return None, None, "", (names[0],)
    if window.per == "order" and view.case.order.parcels:
        signed = [p.signed_at for p in view.case.order.parcels]
        start = max((s for s in signed if s is not None), default=start)
    restarted = view.moment("exchange_done") if "exchange_done" in window.restart_on else None
    if restarted is not None and restarted > start:
        return restarted, None, "", ()
    if name != "signed_at" or window.if_not_consented is None:
        return start, None, "", ()
    return _consented(window.if_not_consented, start, view)


def _consented(
    other: str, signed: datetime, view: View
) -> tuple[datetime | None, datetime | None, str, tuple[str, ...]]:
    """A station's scan is delivery only if the receiver agreed (电子商务法 第五十二条, 民法典 第五百一十二条)."""
    consent, picked = view.consent(), view.moment(other)
    if consent is False:
        return (picked, None, "", ()) if picked is not None else (signed, None, "consent", (other,))
    if consent is None and picked is not None and picked > signed:
        return signed, picked, "consent", ()
    return signed, None, "", ()

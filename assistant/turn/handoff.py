"""What the shopper is told when a person takes over: what happens next, and when. Working hours are the shop's own."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from assistant.conversation.events import Reason
from assistant.turn.shop import Shop
from prompts import phrase, wording

_WEEK = "一二三四五六日"
_LOOK_AHEAD = 60
"""Days; a shop that is closed for longer is told of as if it came back tomorrow."""


def _hours(shop: Shop) -> tuple[time, time]:
    hours = shop.settings.get("hours", {})
    return time.fromisoformat(str(hours.get("from", "09:00"))), time.fromisoformat(str(hours.get("until", "22:00")))


def _works_on(shop: Shop, day: date) -> bool:
    """Whether agents work on `day`: a weekday of `hours.days`, and none of the dates in `hours.closed`."""
    hours = shop.settings.get("hours", {})
    closed = {str(one) for one in hours.get("closed", ())}
    return _WEEK[day.weekday()] in hours.get("days", _WEEK) and day.isoformat() not in closed


def people_are_in(shop: Shop, moment: datetime) -> bool:
    """Whether agents work at `moment`, by the merchant's own hours (a close before the open runs past midnight)."""
    opens, closes = _hours(shop)
    clock = moment.timetz().replace(tzinfo=None)
    if opens < closes:
        return opens <= clock < closes and _works_on(shop, moment.date())
    began = moment.date() if clock >= opens else moment.date() - timedelta(days=1)
    return (clock >= opens or clock < closes) and _works_on(shop, began)


def back_at(shop: Shop, moment: datetime) -> datetime:
    """The next time agents come in."""
    opens, _ = _hours(shop)
    day = moment if moment.timetz().replace(tzinfo=None) < opens else moment + timedelta(days=1)
    ahead = (day + timedelta(days=n) for n in range(_LOOK_AHEAD))
    day = next((one for one in ahead if _works_on(shop, one.date())), day)
    return day.replace(hour=opens.hour, minute=opens.minute, second=0, microsecond=0)


def handoff_lines(shop: Shop, reason: Reason, *, again: bool = False) -> list[str]:
    """The sentences for a hand-off: why, and what happens next. `again`: the shopper already waits in the queue."""
    moment = shop.now()
    lines = [phrase("handoff.again") if again else phrase(f"handoff.{reason}")]
    if people_are_in(shop, moment):
        return [*lines, phrase("handoff.in_hours")]
    opens, closes = _hours(shop)
    back = back_at(shop, moment)
    hours = f"{opens:%H:%M}–{closes:%H:%M}"
    return [*lines, phrase("handoff.out_of_hours", hours=hours, back=f"{back.month}月{back.day}日 {back:%H:%M}")]


def place_line(shop: Shop, place: int | None) -> str:
    """Where in the queue the shopper stands; nothing while nobody works."""
    if place is None or not people_are_in(shop, shop.now()):
        return ""
    return wording("desk", "next") if place <= 1 else wording("desk", "place", ahead=str(place - 1))

"""What the shopper is told when a person takes over: what happens next, and when."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from assistant.conversation.events import Reason
from assistant.turn.shop import Shop
from prompts import phrase


def _hours(shop: Shop) -> tuple[time, time]:
    hours = shop.settings.get("hours", {})
    return time.fromisoformat(str(hours.get("from", "09:00"))), time.fromisoformat(str(hours.get("until", "22:00")))


def people_are_in(shop: Shop, moment: datetime) -> bool:
    """Whether agents work at `moment`, by the merchant's own hours (a close before the open runs past midnight)."""
    opens, closes = _hours(shop)
    clock = moment.timetz().replace(tzinfo=None)
    return opens <= clock < closes if opens < closes else clock >= opens or clock < closes


def back_at(shop: Shop, moment: datetime) -> datetime:
    """The next time agents come in."""
    opens, _ = _hours(shop)
    day = moment if moment.timetz().replace(tzinfo=None) < opens else moment + timedelta(days=1)
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

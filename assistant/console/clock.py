"""Moments as colleagues read them: Shanghai time, no more of it than is needed."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from assistant.console.words import say

SHANGHAI = ZoneInfo("Asia/Shanghai")


def moment(text: str) -> datetime:
    """An ISO moment in Shanghai; one without a zone is Shanghai's already (the contract, section 5)."""
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=SHANGHAI) if read.tzinfo is None else read.astimezone(SHANGHAI)


def hour(text: str) -> str:
    """`10:21`."""
    return f"{moment(text):%H:%M}"


def day(text: str) -> str:
    """今天, 昨天 or 11月20日."""
    at = moment(text)
    today = datetime.now(SHANGHAI).date()
    if at.date() == today:
        return say("clock.today")
    if at.date() == today - timedelta(days=1):
        return say("clock.yesterday")
    if at.year == today.year:
        return say("clock.day", month=at.month, day=at.day)
    return say("clock.date", year=at.year, month=at.month, day=at.day)


def when(text: str) -> str:
    """`10:21` today, else with its day."""
    return hour(text) if moment(text).date() == datetime.now(SHANGHAI).date() else f"{day(text)} {hour(text)}"

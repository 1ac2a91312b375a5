"""How fast one connection may send."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field

from assistant.errors import HouseError


class TooFast(HouseError):
    """More messages than a person sends."""

    status = 429
    code = "too_fast"
    says = "发送太快，这一条没有处理；请 {seconds} 秒后再发"

    def __init__(self, seconds: float) -> None:
        self.retry_after = round(seconds, 1)
        super().__init__(seconds=self.retry_after)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may do. The defaults let pass whoever waits for the answers, and the fastest typist."""

    says: int = 20
    """Messages in a burst; every answer gives one back, so who waits for answers is never stopped."""
    says_per_second: float = 1.0
    frames: int = 200
    """Frames of any kind in a burst."""
    frames_per_second: float = 20.0
    errors: int = 100
    """Refused frames after which the connection is closed."""
    hello_seconds: float = 10.0
    """How long a new connection may stay silent."""
    send_seconds: float = 10.0
    """How long a client may leave us waiting before it takes what we send."""
    outbox: int = 256
    """Replies a client may leave unread."""


@dataclass(slots=True)
class Bucket:
    """A token bucket."""

    size: float
    per_second: float
    _left: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._at = self.size, time.monotonic()

    def take(self) -> None:
        """Take one, or raise `TooFast` with the seconds to wait."""
        now = time.monotonic()
        self._left = min(self.size, self._left + (now - self._at) * self.per_second)
        self._at = now
        if self._left < 1:
            raise TooFast(max((1 - self._left) / self.per_second, 0.1))
        self._left -= 1

    def give(self) -> None:
        """Put one back."""
        self._left = min(self.size, self._left + 1)


class Attempts:
    """How often one address may try to log in: ten at once, then one every six seconds."""

    def __init__(self, kept: int = 10_000) -> None:
        self._kept = kept
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def of(self, address: str) -> Bucket:
        """What this address has left; `take()` a try from it."""
        bucket = self._buckets.setdefault(address, Bucket(10, 1 / 6))
        self._buckets.move_to_end(address)
        if len(self._buckets) > self._kept:
            self._buckets.popitem(last=False)
        return bucket

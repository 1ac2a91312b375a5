"""Leaves a failing model alone for a while, so that shoppers get the offline answer at once."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Opens after `failures` faults in a row; lets one try through every `rest_s` seconds until one succeeds."""

    def __init__(self, failures: int = 3, rest_s: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._rest, self._clock = failures, rest_s, clock
        self._failed = 0
        self._next_try = 0.0

    def allows(self) -> bool:
        """Whether to ask the model now. While open, asking this uses up the one try."""
        if self._failed < self._limit:
            return True
        if self._clock() < self._next_try:
            return False
        self._next_try = self._clock() + self._rest
        return True

    def failed(self) -> None:
        """The model failed to give a usable answer."""
        self._failed += 1
        if self._failed >= self._limit:
            self._next_try = self._clock() + self._rest

    def succeeded(self) -> None:
        """The model answered."""
        self._failed = 0

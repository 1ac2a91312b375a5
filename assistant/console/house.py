"""What the pages may use of the product, handed in by whoever mounts them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from assistant.service.reception import Reception
from assistant.settings import Settings
from knowledge.catalogue import Catalogue


class Staff(Protocol):
    """Who is logged in."""

    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def shops(self) -> tuple[str, ...]: ...
    @property
    def shown(self) -> str:
        """What shoppers see them as."""

    def serves(self, shop: str) -> bool:
        """Whether they work for this shop."""


class Gate(Protocol):
    """Logs staff in and knows their tokens; the API's own gate, so that a token is good for both."""

    def log_in(self, name: str, password: str) -> tuple[str, Staff, float]:
        """A token, whose it is, and until when. Slow on purpose; raises a `HouseError`."""

    def whose(self, token: str) -> Staff:
        """Whose token this is. Raises a `HouseError` if it is nobody's or has expired."""


@dataclass(frozen=True)
class House:
    """The product as the pages see it."""

    reception: Reception
    gate: Gate
    attempt: Callable[[str], None] = lambda address: None
    """Counts a try to log in from an address; raises a `HouseError` when they come too fast."""
    catalogue: Catalogue | None = None
    """The shops' knowledge, for pages that add to it; None where there is none (tests)."""
    settings: Settings | None = None
    """For pages that start processes or read files; None: as the environment has them."""
    demo: bool = False
    """Whether the demo shop's log-ins are open, so that the log-in page may name them."""

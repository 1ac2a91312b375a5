"""Errors a person can act on: the thing, the cause, the next step; never a traceback."""

from __future__ import annotations

from typing import ClassVar


class HouseError(Exception):
    """Base of every error we raise on purpose. `says` is filled from the keyword arguments."""

    status: ClassVar[int] = 400
    """HTTP status when it reaches a door."""
    code: ClassVar[str] = "bad_request"
    says: ClassVar[str] = "{what}"

    def __init__(self, **about: object) -> None:
        self.about = about
        super().__init__(self.says.format(**about))

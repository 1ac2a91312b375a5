"""Nobody but the shop's own server can say who a visitor is."""

from __future__ import annotations

import base64

import orjson
import pytest

from assistant.service.identity import BadIdentity, buyer_of, sign

SECRET = "s3cret"
TOKEN = sign(SECRET, "demo", "xiaoman", seconds=60, now=1000.0)


def test_what_was_signed_is_believed_until_it_expires() -> None:
    assert buyer_of(TOKEN, SECRET, "demo", now=1060.0) == "xiaoman"
    with pytest.raises(BadIdentity):
        buyer_of(TOKEN, SECRET, "demo", now=1061.0)


def another(buyer: str) -> str:
    """The same signature under somebody else's name."""
    claims = orjson.dumps({"shop": "demo", "sub": buyer, "exp": 2000})
    return base64.urlsafe_b64encode(claims).decode().rstrip("=") + "." + TOKEN.partition(".")[2]


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "xiaoman",
        another("azhe"),
        TOKEN[:-1],
        TOKEN + "A",
        TOKEN.partition(".")[0] + ".",
        sign("other secret", "demo", "xiaoman", now=1000.0),
        sign(SECRET, "other", "xiaoman", now=1000.0),
        sign(SECRET, "demo", "", now=1000.0),
        "\ud800.x",
    ],
)
def test_anything_else_is_refused(token: str) -> None:
    with pytest.raises(BadIdentity):
        buyer_of(token, SECRET, "demo", now=1010.0)

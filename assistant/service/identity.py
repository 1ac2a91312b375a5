"""Who a shopper is, as the merchant's own page vouches for it: a short-lived token signed with the shop's secret.

The page's server makes it (`sign`), the page hands it to the widget (`ShopChat.identify({identity})`), the widget
sends it with its hello. Nobody else can make one, and it opens nothing but this buyer's own orders in this shop.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time

import orjson

from assistant.errors import HouseError

SECONDS = 12 * 3600
"""How long a token made by `sign` is good, unless said otherwise."""


class BadIdentity(HouseError):
    """A visitor's identity is forged, expired, for another shop, or not the one this conversation belongs to."""

    status = 401
    code = "bad_identity"
    says = "访客身份无效或已过期；请让页面重新签发"


def sign(secret: str, shop: str, buyer: str, *, seconds: float = SECONDS, now: float | None = None) -> str:
    """A token that says: whoever brings this is `buyer` of `shop`."""
    expires = (time.time() if now is None else now) + seconds
    payload = _text(orjson.dumps({"shop": shop, "sub": buyer, "exp": int(expires)}))
    return f"{payload}.{_mark(secret, payload)}"


def buyer_of(token: str, secret: str, shop: str, *, now: float | None = None) -> str:
    """The buyer a token names. Raises `BadIdentity`; which of the reasons it was is not said."""
    payload, _, mark = token.partition(".")
    if not hmac.compare_digest(mark.encode(), _mark(secret, payload).encode()):
        raise BadIdentity
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        fits = claims["shop"] == shop and float(claims["exp"]) >= (time.time() if now is None else now)
        buyer = str(claims["sub"])
    except (binascii.Error, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise BadIdentity from None
    if not fits or not buyer:
        raise BadIdentity
    return buyer


def _mark(secret: str, payload: str) -> str:
    key = hashlib.sha256(b"visitor identity\0" + secret.encode()).digest()
    return _text(hmac.digest(key, payload.encode("utf-8", "surrogatepass"), "sha256"))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")

"""Who may do what: staff tokens, signed and expiring; every staff route asks here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import orjson
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from assistant.errors import HouseError

Role = Literal["agent", "merchant", "qa", "admin"]
TOKEN_SECONDS = 12 * 3600


class NotLoggedIn(HouseError):
    """No token, or one that is forged or has expired."""

    status = 401
    code = "not_logged_in"
    says = "请先登录：令牌缺失、无效或已过期"


class WrongPassword(HouseError):
    """Name or password is wrong; which of them is not said."""

    status = 401
    code = "wrong_password"
    says = "用户名或密码不对"


class NotAllowed(HouseError):
    """Logged in, but not for this."""

    status = 403
    code = "not_allowed"
    says = "{role} 无权执行此操作"


def hash_password(password: str) -> str:
    """What is kept of a password: a salted scrypt digest."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1).hex()}"


def password_fits(password: str, kept: str) -> bool:
    """Whether `password` is the one `kept` was made from."""
    salt, _, digest = kept.partition("$")
    given = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1)
    return hmac.compare_digest(given.hex(), digest)


@dataclass(frozen=True, slots=True)
class Account:
    """One member of staff who may log in."""

    name: str
    """What they log in with, and what colleagues see."""
    password_hash: str
    """From `hash_password`."""
    role: Role
    shops: tuple[str, ...] = ("*",)
    """Shops they work for; `*` is all."""
    shown: str = ""
    """What shoppers see, e.g. 客服小李; the name if empty."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who asks, as their token says."""

    name: str
    role: Role
    shops: tuple[str, ...]
    shown: str

    def serves(self, shop: str) -> bool:
        """Whether they work for this shop."""
        return "*" in self.shops or shop in self.shops


class Gate:
    """Logs staff in and checks their tokens. Keeps nothing: any process with the same secret accepts them."""

    def __init__(
        self,
        secret: str,
        accounts: Mapping[str, Account],
        *,
        seconds: float = TOKEN_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = hashlib.sha256(b"staff token\0" + secret.encode()).digest()
        self._accounts, self._seconds, self._clock = accounts, seconds, clock
        # Checked when the name is unknown, so that an unknown name takes as long as a wrong password.
        self._nobody = hash_password(secrets.token_hex(8))

    def log_in(self, name: str, password: str) -> tuple[str, Staff, float]:
        """A token, whose it is, and when it expires (seconds since 1970). Raises `WrongPassword`. Slow on purpose."""
        account = self._accounts.get(name)
        if not password_fits(password, account.password_hash if account else self._nobody) or account is None:
            raise WrongPassword
        expires = self._clock() + self._seconds
        staff = Staff(account.name, account.role, account.shops, account.shown or account.name)
        return self._sign({"sub": name, "exp": expires}), staff, expires

    def whose(self, token: str) -> Staff:
        """Who this token belongs to. Raises `NotLoggedIn`. Rights are read now, not from the token: taken is taken."""
        payload, _, mark = token.partition(".")
        if not hmac.compare_digest(mark.encode(), self._mark(payload).encode()):
            raise NotLoggedIn
        try:
            claims = orjson.loads(base64.urlsafe_b64decode(payload))
        except (binascii.Error, orjson.JSONDecodeError):  # signed by us, so this cannot be; refuse all the same
            raise NotLoggedIn from None
        account = self._accounts.get(claims["sub"])
        if account is None or claims["exp"] < self._clock():
            raise NotLoggedIn
        return Staff(account.name, account.role, account.shops, account.shown or account.name)

    def named(self, name: str) -> Staff:
        """The member of staff of this name. Raises `NotLoggedIn` if there is none."""
        if (account := self._accounts.get(name)) is None:
            raise NotLoggedIn
        return Staff(account.name, account.role, account.shops, account.shown or account.name)

    def _sign(self, claims: Mapping[str, object]) -> str:
        payload = base64.urlsafe_b64encode(orjson.dumps(claims)).decode()
        return f"{payload}.{self._mark(payload)}"

    def _mark(self, payload: str) -> str:
        mark = hmac.digest(self._key, payload.encode("utf-8", "surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(mark).decode()


_bearer = HTTPBearer(auto_error=False, description="POST /api/login 得到的令牌")


def allowed(*roles: Role) -> Callable[..., Staff]:
    """A dependency: the member of staff who asks, if their role is one of `roles`. An admin may do everything."""

    def who(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Staff:
        if given is None:
            raise NotLoggedIn
        gate: Gate = request.app.state.gate
        staff = gate.whose(given.credentials)
        if staff.role != "admin" and staff.role not in roles:
            raise NotAllowed(role=staff.role)
        return staff

    return who

"""Files for browsers: sent packed, revalidated by digest, in the script of the page that asks."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath

import opencc
from fastapi import Request, Response

WEB = files("assistant") / "web"
GET = ["GET", "HEAD"]
_MIME = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent: its bytes, plain and packed, and the digest a browser asks with."""

    body: bytes
    packed: bytes
    mime: str
    etag: str

    @classmethod
    def of(cls, text: str, suffix: str) -> Asset:
        body = text.encode()
        digest = hashlib.sha256(body).hexdigest()[:20]
        return cls(body, gzip.compress(body, 6, mtime=0), _MIME[suffix], f'W/"{digest}"')

    def answer(self, request: Request, extra: Mapping[str, str] | None = None) -> Response:
        """200 with the bytes, or 304 when the browser holds these very bytes already."""
        headers = {
            "ETag": self.etag,
            # Asked again each time and answered 304: no shop's visitors run last week's widget.
            "Cache-Control": "no-cache",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
            **(extra or {}),
        }
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(self.packed, headers=headers, media_type=self.mime)
        return Response(self.body, headers=headers, media_type=self.mime)


@cache
def _names() -> frozenset[str]:
    """Every file there is to serve: a name from outside is looked up here, never in the file system."""
    own = {it.name for it in WEB.iterdir() if PurePosixPath(it.name).suffix in (".js", ".css")}
    return frozenset(own | {f"pictures/{it.name}" for it in (WEB / "pictures").iterdir() if it.name.endswith(".svg")})


@cache
def _file(name: str) -> Asset:
    return Asset.of(WEB.joinpath(*name.split("/")).read_text("utf-8"), PurePosixPath(name).suffix)


def has(name: str) -> bool:
    """Whether there is a file of this name to serve."""
    return name in _names()


def found(name: str, request: Request, extra: Mapping[str, str] | None = None) -> Response:
    """The file of this name under `assistant/web`, or 404."""
    return _file(name).answer(request, extra) if has(name) else Response(status_code=404)


def script_of(lang: str) -> str:
    """Which words a page in `lang` (BCP 47) gets: `zh-CN`, `zh-TW` or `zh-HK`."""
    parts = {part.lower() for part in re.split("[-_]", lang)}
    if "hans" in parts:
        return "zh-CN"
    if parts & {"hk", "mo"}:
        return "zh-HK"
    return "zh-TW" if parts & {"tw", "hant"} else "zh-CN"


@cache
def into(script: str) -> Callable[[str], str]:
    """Simplified text into `script`, with the quotation marks used there."""
    if script == "zh-CN":
        return str
    convert = opencc.OpenCC("s2hk" if script == "zh-HK" else "s2twp").convert
    return lambda text: str(convert(text)).replace("“", "「").replace("”", "」")

"""Tells the merchant's own system of grave findings at once: one signed HTTP call a finding (Standard Webhooks)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson

from assistant.errors import HouseError
from eval.audit.scan import Finding
from eval.marks import Mark, Marks

PAUSES = (0.5, 2.0)
"""Seconds before the second and the third try."""


class BadKey(HouseError):
    """The signing key cannot be used."""

    says = "{path}：{why}。签名密钥应是一行 whsec_ 开头的文字（whsec_ 加 24 到 64 字节的 base64）"


class NotDelivered(HouseError):
    """The other side did not take it."""

    says = "告警没有送到 {url}：{why}。下次质检会再送；已送到的不会重复"


@dataclass(frozen=True, slots=True)
class Hook:
    """Where to, and signed with what."""

    url: str
    key: bytes


def read_key(path: Path) -> bytes:
    """The key in this file. Raises `BadKey`."""
    try:
        text = path.read_text("utf-8").strip()
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except OSError as why:
        raise BadKey(path=path, why=why.strerror or "读不出来") from None
    except (binascii.Error, ValueError):
        raise BadKey(path=path, why="不是 base64") from None
    if not text.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise BadKey(path=path, why="不是 whsec_ 密钥")
    return key


def signed(key: bytes, id_: str, at: int, body: bytes) -> dict[str, str]:
    """The headers of the convention: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`."""
    mark = hmac.digest(key, f"{id_}.{at}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(at),
        "webhook-signature": "v1," + base64.b64encode(mark).decode(),
        "content-type": "application/json",
    }


def due(findings: Iterable[Finding], marks: Sequence[Mark]) -> list[Finding]:
    """The findings to tell of that have not been told of."""
    told = {mark.about for mark in marks if mark.kind == "alerted"}
    return [finding for finding in findings if finding.alert and finding.id not in told]


async def alert(
    hook: Hook, marks: Marks, findings: Sequence[Finding], *, pauses: Sequence[float] = PAUSES
) -> list[Finding]:
    """Tell of each finding, once: what was taken is noted and not told again. Raises `NotDelivered`."""
    told: list[Finding] = []
    async with httpx.AsyncClient(timeout=10.0, follow_redirects=False) as client:
        for finding in findings:
            await _deliver(client, hook, finding, pauses)
            await marks.put(finding.shop, "alerted", finding.id, "inspection", talk=finding.talk, rule=finding.rule)
            told.append(finding)
    return told


async def _deliver(client: httpx.AsyncClient, hook: Hook, finding: Finding, pauses: Sequence[float]) -> None:
    data = {"type": "inspection.finding", "timestamp": finding.at, "data": finding.as_json()}
    body = orjson.dumps(data)
    why = ""
    for pause in (*pauses, None):
        try:
            # The id stays the same from try to try, so that the other side can tell a repetition.
            headers = signed(hook.key, f"msg_{finding.id}", int(time.time()), body)
            answer = await client.post(hook.url, content=body, headers=headers)
            if answer.is_success:
                return
            why = f"HTTP {answer.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL) as failed:
            why = type(failed).__name__
        if pause is not None:
            await asyncio.sleep(pause)
    raise NotDelivered(url=hook.url, why=why)

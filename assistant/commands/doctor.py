"""`doctor`: the settings, the versions, what is reachable and what is degraded."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import orjson

from assistant.settings import Settings, read_settings
from assistant.wiring import open_bus, open_catalogue, open_vectors
from knowledge.embedding import open_embedding
from knowledge.reembed import progress
from prompts import phrase

PARTS = ("langchain", "langchain-core", "chromadb", "fastapi", "websockets", "sqlalchemy", "opencc", "numpy")
PROBE_S = 5.0


async def run(args: argparse.Namespace) -> int:
    """Print what stands and what does not; 1 if something configured cannot be reached."""
    settings = read_settings()
    report = await examine(settings)
    if args.json:
        sys.stdout.buffer.write(orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        _print(report, settings)
    return 0 if all(part["ok"] for part in report["parts"].values()) else 1


async def examine(settings: Settings) -> dict[str, Any]:
    """Settings (secrets hidden), versions, and each part: whether it can be used, and what happens without it."""
    probes: dict[str, Callable[[Settings], Awaitable[str]]] = {
        "database": _database,
        "vectors": _vectors,
        "bus": _bus,
        "embedding": _embedding,
        "model": _model,
    }
    parts = {name: await _probe(probe, settings) for name, probe in probes.items()}
    return {"settings": settings.shown(), "versions": _versions(), "parts": parts}


def _versions() -> dict[str, str]:
    found = {"python": sys.version.split()[0]}
    for name in PARTS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = phrase("doctor.absent")
    return found


async def _probe(probe: Callable[[Settings], Awaitable[str]], settings: Settings) -> dict[str, Any]:
    try:
        async with asyncio.timeout(PROBE_S):
            return {"ok": True, "says": await probe(settings)}
    except Exception as broke:  # whatever a part raises is the answer to “can it be used”
        first = str(broke).strip().splitlines()[:1]
        return {"ok": False, "says": f"{type(broke).__name__}: {first[0] if first else ''}"}


async def _database(settings: Settings) -> str:
    async with open_catalogue(settings) as catalogue:
        shops = await catalogue.shops()
    return phrase("doctor.database", shops=", ".join(map(str, shops)) or phrase("doctor.none"))


async def _vectors(settings: Settings) -> str:
    await asyncio.to_thread(open_vectors, settings)
    return settings.vector_url


async def _bus(settings: Settings) -> str:
    async with open_bus(settings):
        return settings.BUS_URL


async def _embedding(settings: Settings) -> str:
    embedding = await asyncio.to_thread(open_embedding, settings.EMBEDDING_MODEL or None)
    said = f"{embedding.name} ({embedding.dim})"
    if (far := progress(settings.DATA_DIR)) is None:
        return said
    model, done, total = far
    return phrase("doctor.reembedding", said=said, model=model, done=str(done), total=str(total))


async def _model(settings: Settings) -> str:
    if not settings.LLM_MODEL:
        return phrase("doctor.offline")
    import httpx

    base = settings.OPENAI_BASE_URL or "https://api.openai.com/v1"
    key = settings.OPENAI_API_KEY.get_secret_value()
    async with httpx.AsyncClient(timeout=PROBE_S) as client:
        reply = await client.get(f"{base.rstrip('/')}/models", headers={"Authorization": f"Bearer {key}"})
    reply.raise_for_status()
    return f"{settings.LLM_MODEL} @ {base}"


def _print(report: dict[str, Any], settings: Settings) -> None:
    for name, value in report["settings"].items():
        about = type(settings).model_fields[name].description
        print(f"{name:16} {value if value != '' else '—'!s:32} {about}")
    print()
    for name, value in report["versions"].items():
        print(f"{name:16} {value}")
    print()
    for name, part in report["parts"].items():
        print(f"{'✓' if part['ok'] else '✗'} {name:12} {part['says']}")

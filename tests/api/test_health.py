"""Whether the service lives, whether it can serve, and how it does."""

from __future__ import annotations

from pathlib import Path

from tests.api.conftest import Serve


async def test_a_service_that_can_serve_says_so(serve: Serve) -> None:
    served = await serve()
    assert (await served.http.get("/health/live")).json() == {"status": "ok"}
    ready = await served.http.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ok", "database": True, "bus": True, "shops": ["demo", "other"]}


async def test_a_service_without_its_database_lives_and_is_not_ready(serve: Serve, tmp_path: Path) -> None:
    served = await serve()
    await served.reception.store._reads.dispose()  # type: ignore[attr-defined]
    log = tmp_path / "log.db"
    for beside in (log, tmp_path / "log.db-wal", tmp_path / "log.db-shm"):
        beside.unlink(missing_ok=True)
    log.mkdir()
    assert (await served.http.get("/health/live")).status_code == 200
    ready = await served.http.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (503, "unready")
    log.rmdir()


async def test_a_service_without_a_shop_is_not_ready(serve: Serve) -> None:
    served = await serve()
    served.reception.shops.clear()  # type: ignore[attr-defined]
    assert (await served.http.get("/health/ready")).status_code == 503


async def test_metrics_count_what_happened(serve: Serve) -> None:
    served = await serve()

    async def value(name: str) -> float:
        lines = (await served.http.get("/metrics")).text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    before = {name: await value(name) for name in ('dianban_messages_total{shop="demo"}', "dianban_turns_total")}
    shopper = await served.shopper()
    await shopper.ask("能退吗")
    await served.reception.rest()
    assert {name: await value(name) - was for name, was in before.items()} == dict.fromkeys(before, 1.0)
    assert await value("dianban_sockets ") >= 1


async def test_the_api_describes_itself(serve: Serve) -> None:
    served = await serve()
    described = (await served.http.get("/openapi.json")).json()
    assert described["info"]["title"] == "店伴 Dianban"
    for path, item in described["paths"].items():
        for method, door in item.items():
            assert door["summary"], (method, path)

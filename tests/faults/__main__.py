"""`python -m tests.faults`: kill -9 while shoppers talk. `… races`: the line raced for, sockets cut. `… slow`: clients
that never read."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.faults.cuts import cut
from tests.faults.kill9 import Plan, kill_again_and_again
from tests.faults.races import race
from tests.faults.slow import slow
from tests.support.postgres import fresh_database


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="makes the moments repeatable")
    parser.add_argument("--database", default="", help="default: SQLite in a folder of its own; `postgres`: a new one")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--shoppers", type=int, default=20)
    parser.add_argument("--pace", type=float, default=0.05, help="seconds the answerer takes for a sentence")
    parser.add_argument(
        "--data-dir", type=Path, help="serve the product itself (`python -m assistant serve`) from here"
    )
    which = parser.add_subparsers(dest="which", metavar="races|slow")
    races = which.add_parser("races", help="one owner, no word of the assistant after a claim, one history")
    races.add_argument("--races", type=int, default=10_000)
    races.add_argument("--messages", type=int, default=10_000, help="said over sockets that are cut")
    stuck = which.add_parser("slow", help="clients that never read are closed, and nobody else notices")
    stuck.add_argument("--clients", type=int, default=500)
    stuck.add_argument("--stuck", type=int, default=50)
    stuck.add_argument("--seconds", type=float, default=20.0, help="how long each half is measured")
    return asyncio.run(_run(parser.parse_args()))


async def _run(chosen: argparse.Namespace) -> int:
    async with _database(chosen.database) as url:
        if chosen.which == "races":
            raced = await race(chosen.races, chosen.seed, url)
            print(raced.table(), flush=True)
            torn = await cut(chosen.messages, chosen.seed, url)
            print(torn.table())
            return 0 if raced.clean and torn.clean else 1
        if chosen.which == "slow":
            told = await slow(chosen.clients, chosen.stuck, chosen.seconds)
            print(told.table())
            return 0 if told.clean else 1
        plan = Plan(chosen.kills, chosen.shoppers, chosen.pace, chosen.seed, url, chosen.data_dir)
        report = await kill_again_and_again(plan)
    print(report.table())
    return 0 if report.clean else 1


@contextlib.asynccontextmanager
async def _database(chosen: str) -> AsyncIterator[str]:
    if chosen != "postgres":
        yield chosen
        return
    async with fresh_database() as url:
        yield url


if __name__ == "__main__":
    sys.exit(main())

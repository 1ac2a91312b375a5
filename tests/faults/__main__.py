"""`python -m tests.faults`: kill -9 at random moments while shoppers talk."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from tests.faults.kill9 import Plan, kill_again_and_again


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--shoppers", type=int, default=20)
    parser.add_argument("--pace", type=float, default=0.05, help="seconds the answerer takes for a sentence")
    parser.add_argument("--seed", type=int, default=1, help="makes the moments repeatable")
    parser.add_argument("--database", default="", help="default: SQLite in a folder of its own")
    parser.add_argument(
        "--data-dir", type=Path, help="serve the product itself (`python -m assistant serve`) from here"
    )
    chosen = parser.parse_args()
    report = asyncio.run(
        kill_again_and_again(
            Plan(chosen.kills, chosen.shoppers, chosen.pace, chosen.seed, chosen.database, chosen.data_dir)
        )
    )
    print(report.table())
    return 0 if report.clean else 1


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.journeys [--failures]`: every verdict conversation, through the demo shop in `DATA_DIR`."""

from __future__ import annotations

import asyncio
import sys

from assistant.settings import read_settings
from assistant.wiring import open_shops
from tests.journeys.verdicts import Heard, hold, read_table, share_right


async def _run() -> list[Heard]:
    async with open_shops(read_settings()) as shops:
        shop = await shops.shop("demo")
        return [await hold(shop, row) for row in read_table()]


def main() -> None:
    heard = asyncio.run(_run())
    halves = {"tuning": heard[::2], "held out": heard[1::2]}
    shown = heard if "--all" in sys.argv else halves["tuning"]
    if "--failures" in sys.argv:
        for each in shown:
            if each.wrong:
                print(each.row["id"], str(each.row["order"])[:14], " / ".join(each.row["turns"]), "\n    ", *each.wrong)
                print("     ", each.answer.action, each.answer.text.replace("\n", " ")[:160])
    for name, half in halves.items():
        print(f"{name}: {share_right(half):.1%} of {len(half)}, wrong yes {sum(h.wrong_yes for h in half)}")
    print(f"all: {share_right(heard):.1%} of {len(heard)}, wrong yes {sum(h.wrong_yes for h in heard)}")


if __name__ == "__main__":
    main()

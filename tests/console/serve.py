"""The demo shop with its console in a process that may be killed: `python -m tests.console.serve`."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from assistant.api import site
from assistant.api.app import create_app, server
from assistant.commands.demo import load
from assistant.console.door import console_at
from assistant.console.house import House
from assistant.conversation.bus import open_bus
from assistant.service.reception import Reception
from assistant.settings import Settings
from assistant.turn.turn import take_turn
from assistant.wiring import open_log, open_shops
from tests.support.server import ACCOUNTS, SECRET


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    settings = Settings(DATA_DIR=chosen.data)
    await load(settings)
    async with open_shops(settings) as shops, open_log(settings) as store:
        await shops.watch()
        reception = Reception(store, open_bus("memory://"), shops, take_turn)
        app = create_app(reception, secret=SECRET, accounts=ACCOUNTS, pages=[site.router])
        house = House(reception, app.state.gate, catalogue=shops.catalogue, settings=settings)
        async with console_at(app, house, secret=SECRET, kept=chosen.data / "console"):
            await server(app, "127.0.0.1", chosen.port).serve()


if __name__ == "__main__":
    asyncio.run(main())

"""The test server with the shop's pages, in a process that may be killed: `python -m tests.web.serve`."""

from __future__ import annotations

import argparse
import asyncio

from assistant.api import site
from assistant.api.app import server
from tests.support.answers import paced
from tests.support.server import app_of, reception


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pace", type=float, default=0.0, help="seconds before each sentence")
    chosen = parser.parse_args()
    app = app_of(await reception(chosen.database, answer=paced(chosen.pace)), pages=[site.router])
    await server(app, "127.0.0.1", chosen.port).serve()


if __name__ == "__main__":
    asyncio.run(main())

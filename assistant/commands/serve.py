"""`serve`: the service."""

from __future__ import annotations

import argparse
import sys

from assistant.settings import Settings, read_settings
from assistant.wiring import open_app
from prompts import phrase


async def run(args: argparse.Namespace) -> int:
    """Serve until told to stop."""
    return await serve(read_settings(), args.host, args.port)


async def serve(settings: Settings, host: str | None, port: int | None) -> int:
    """Open everything, print the addresses, serve."""
    from assistant.api.app import server

    host, port = host or settings.HOST, port or settings.PORT
    async with open_app(settings) as app:
        name = "demo_addresses" if app.state.demo else "addresses"
        print(phrase(f"command.{name}", base=f"http://{host}:{port}"), file=sys.stderr)
        await server(app, host, port).serve()
    return 0

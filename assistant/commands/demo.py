"""`demo`: the demo shop into DATA_DIR (a second time changes nothing), then serve."""

from __future__ import annotations

import argparse
import sys

from assistant.commands.serve import serve
from assistant.demo.load import demo_files
from assistant.settings import Settings, read_settings
from assistant.wiring import open_catalogue
from knowledge.ingest import ingest
from prompts import phrase


async def run(args: argparse.Namespace) -> int:
    """Load the demo shop; serve unless told only to load."""
    settings = read_settings()
    await load(settings)
    return 0 if args.load_only else await serve(settings, args.host, args.port)


async def load(settings: Settings) -> None:
    """Import the demo shop's own files through the same door as any merchant's."""
    async with open_catalogue(settings) as catalogue:
        reports = await ingest(catalogue, "demo", demo_files(), mode="replace")
    changed = sum(r.added + r.changed + r.removed for r in reports)
    total = sum(r.passages for r in reports)
    print(phrase("command.loaded", total=str(total), changed=str(changed)), file=sys.stderr)

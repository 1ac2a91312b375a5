"""`shop new | check`: a merchant's own shop as a folder of files."""

from __future__ import annotations

import argparse

from assistant.merchant.folder import new_folder, read_about, read_goods
from assistant.policy.load import load_policies
from assistant.settings import read_settings
from prompts import wording


async def run(args: argparse.Namespace) -> int:
    """Write the folder, or read all of it and say what it holds."""
    home = read_settings().shops_home
    if args.action == "new":
        folder = new_folder(home, args.shop, args.name or args.shop)
        print(wording("merchant", "new", shop=args.shop, folder=str(folder)))
        return 0
    about, goods = read_about(home, args.shop), read_goods(home, args.shop)
    policies = load_policies(home / args.shop / "policies")
    counts = {"goods": str(len(goods)), "policies": str(len(policies)), "origins": str(len(about["origins"]))}
    print(wording("merchant", "checked", shop=args.shop, name=str(about["name"]), **counts))
    return 0

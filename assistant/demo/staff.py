"""The demo shop's log-ins, printed when it starts; a real shop has its own."""

from __future__ import annotations

from collections.abc import Mapping

from assistant.api.auth import Account, hash_password

PASSWORD = "demo"
"""Only ever valid for the demo shop's demo accounts."""


def demo_accounts() -> Mapping[str, Account]:
    """An agent, the merchant and a QA person of the demo shop."""
    kept = hash_password(PASSWORD)
    accounts = (
        Account("agent", kept, "agent", ("demo",), "客服小夏"),
        Account("merchant", kept, "merchant", ("demo",)),
        Account("qa", kept, "qa", ("demo",)),
    )
    return {account.name: account for account in accounts}

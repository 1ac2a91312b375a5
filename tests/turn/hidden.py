"""Counts how much personal data the mask hides, and what it hides that it should not.

`python -m tests.turn.hidden [--show]` prints the table over `cases/mask.csv`. Everybody in it is made up.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from assistant.turn.mask import mask


@dataclass(frozen=True, slots=True)
class Case:
    """One message, and what of it must not be read afterwards; nothing for a message that must stay as it is."""

    kind: str
    text: str
    secrets: tuple[str, ...]


def cases() -> list[Case]:
    """The table."""
    with (Path(__file__).parent / "cases/mask.csv").open(encoding="utf-8", newline="") as file:
        return [
            Case(row["kind"], row["text"], tuple(s for s in row["secret"].split("|") if s))
            for row in csv.DictReader(file)
        ]


def leaks(case: Case) -> bool:
    """Whether any secret can still be read."""
    shown = mask(case.text).text
    return any(secret in shown for secret in case.secrets)


def harmed(case: Case) -> bool:
    """Whether a message without personal data was changed."""
    return mask(case.text).text != case.text


@dataclass
class Count:
    """Messages of one kind, and those that went wrong."""

    of: int = 0
    wrong: list[str] = field(default_factory=list)


def counts() -> dict[str, Count]:
    """Per kind: hidden or not; `keep`: unharmed or not."""
    table: dict[str, Count] = defaultdict(Count)
    for case in cases():
        one = table[case.kind]
        one.of += 1
        if leaks(case) if case.secrets else harmed(case):
            one.wrong.append(case.text)
    return table


def main() -> int:
    """0 if recall and precision hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="list the messages that went wrong")
    options = parser.parse_args()
    table = counts()
    for kind, one in table.items():
        right = one.of - len(one.wrong)
        print(f"{kind:<10}{right:>5}/{one.of:<5}{right / one.of:>8.1%}")
        if options.show:
            for text in one.wrong:
                print(f"    {text!r} -> {mask(text).text!r}")
    hide = [one for kind, one in table.items() if kind != "keep"]
    hidden, of = sum(one.of - len(one.wrong) for one in hide), sum(one.of for one in hide)
    spared, kept = table["keep"].of - len(table["keep"].wrong), table["keep"].of
    print(f"recall {hidden}/{of} {hidden / of:.2%}; unharmed {spared}/{kept} {spared / kept:.2%}")
    return 0 if hidden >= 0.99 * of and spared >= 0.98 * kept else 1


if __name__ == "__main__":
    sys.exit(main())

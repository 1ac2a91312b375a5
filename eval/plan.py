"""What a run is made of: its questions in a fixed order, and the head that says what they were asked of."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from assistant.demo.load import HOME
from eval.case import EvalCase
from eval.perturb import perturbed
from knowledge.types import Passage

FORMAT = 2


@dataclass(frozen=True, slots=True)
class Task:
    """One asking of one case."""

    number: int
    case: EvalCase
    trial: int
    variant: str
    """How the wording was changed; empty as written."""
    seed: int

    @property
    def key(self) -> str:
        """Names this asking in a run file."""
        return f"{self.case.id}|{self.trial}|{self.variant}"


@dataclass(frozen=True, slots=True)
class Head:
    """What a run was asked of. Two runs with the same head ask the same questions of the same thing."""

    shop: str
    clock: str
    """The moment every case without its own is asked at."""
    trials: int
    seed: int
    variants: tuple[str, ...]
    cases: int
    tasks: int
    engine: str
    """`offline` or `llm`."""
    model: str
    embedding: str
    commit: str
    digests: dict[str, str]
    """cases, knowledge, policies, prompts, scorers: what has changed when two runs differ."""
    knowledge_version: int

    def as_json(self) -> dict[str, Any]:
        """The first line of a run file."""
        return {"kind": "head", "format": FORMAT, **asdict(self), "variants": list(self.variants)}


def tasks(cases: Sequence[EvalCase], *, trials: int, seed: int, variants: Sequence[str] = ()) -> list[Task]:
    """Every case, trial and variant that changes its wording, always in the same order and with the same seeds."""
    found: list[Task] = []
    for case in cases:
        for trial in range(trials):
            for variant in ("", *variants):
                number = seed_of(seed, case.id, trial, variant)
                changed = perturbed(case, variant, number) if variant else case
                if changed is not None:
                    found.append(Task(len(found), changed, trial, variant, number))
    return found


def seed_of(*parts: object) -> int:
    """A number that depends on these parts alone."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:6])


def digest(value: Any) -> str:
    """Twelve characters that change when `value` does."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()[:12]


def digest_of_cases(cases: Sequence[EvalCase]) -> str:
    """Of the cases' content, wherever they are kept."""
    return digest([case.model_dump(mode="json") for case in cases])


def digest_of_passages(passages: Sequence[Passage]) -> str:
    """Of a shop's knowledge, whatever the version's number."""
    return digest(sorted(passage.id for passage in passages))


def digest_of_rules(shop: Path) -> str:
    """Of the rules a shop is decided by: those shipped, their words, the demo shop's, those in its folder `shop`."""
    folders = (Path(str(files("assistant.policy"))), HOME / "policies", shop)
    found = sorted(path for folder in folders for path in folder.rglob("*.yaml"))
    return digest([(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in found])


def digest_of_files(*packages: str, suffixes: tuple[str, ...] = (".py",)) -> str:
    """Of the files of these packages with these endings: their prompts, their code."""
    found = [(f"{p}/{f.name}", f) for p in packages for f in files(p).iterdir() if f.name.endswith(suffixes)]
    return digest(sorted((name, hashlib.sha256(file.read_bytes()).hexdigest()) for name, file in found))


def commit() -> str:
    """The commit of the checkout this runs from, `+` behind it where files differ, or nothing where there is none."""
    home = Path(__file__).parent
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"],
            cwd=home,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""


def moment(text: str) -> datetime:
    """An aware moment; without a zone it is the shop's."""
    from eval.run import SHANGHAI

    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)

"""A short fine-tuning: two wordings of one question come together, the rest of the batch moves apart.

Few steps with a small step size on purpose: measured, the model must not wander from its start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from knowledge.training.corpus import Pair
from knowledge.training.start import Matrix, Start
from knowledge.words import features


@dataclass(frozen=True, slots=True)
class Recipe:
    """The measured settings; `steps` grows with the data, three to four passes."""

    steps: int = 140
    batch: int = 1024
    rate: float = 0.005
    scale: float = 20.0
    dropout: float = 0.2
    widths: tuple[int, ...] = (256,)
    """Prefixes of the vector that must work alone (Matryoshka loss)."""


class Bag(torch.nn.Module):
    """Sum of the rows of a text's features: what `knowledge.embedding` computes in numpy."""

    def __init__(self, vocabulary: Sequence[str], rows: Matrix) -> None:
        super().__init__()
        self.number = {feature: at for at, feature in enumerate(vocabulary)}
        self.rows = torch.nn.EmbeddingBag.from_pretrained(torch.from_numpy(rows.copy()), mode="sum", freeze=False)

    def ids(self, text: str) -> list[int]:
        """Numbers of the features of `text` that have a row."""
        return [self.number[f] for f in features(text) if f in self.number]

    def forward(self, bags: Sequence[Sequence[int]]) -> torch.Tensor:
        flat = torch.tensor([i for bag in bags for i in bag], dtype=torch.long)
        starts = torch.tensor(np.cumsum([0, *(len(bag) for bag in bags[:-1])]), dtype=torch.long)
        sums: torch.Tensor = self.rows(flat, starts)
        return sums


def tune(start: Start, pairs: Sequence[Pair], recipe: Recipe, *, seed: int = 0) -> Matrix:
    """The rows of `start` after `recipe.steps` steps over `pairs`, drawn in a seeded order."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    model = Bag(start.vocabulary, start.rows)
    known: dict[str, list[int]] = {}
    for pair in pairs:
        for text in (pair.left, pair.right, pair.other):
            if text not in known:
                known[text] = model.ids(text)
    usable = [p for p in pairs if known[p.left] and known[p.right]]
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.rate)
    warm = max(1, recipe.steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, (recipe.steps - step) / max(1, recipe.steps - warm))
    )
    for _, batch in zip(range(recipe.steps), _batches(usable, recipe.batch, rng), strict=False):

        def vectors(texts: list[str]) -> torch.Tensor:
            sums: torch.Tensor = model([_thin(known[t], recipe.dropout, rng) for t in texts])
            return sums

        left, right = vectors([p.left for p in batch]), vectors([p.right for p in batch])
        others = [p.other for p in batch if p.other and known[p.other]]
        apart = vectors(others) if others else None
        groups = torch.tensor([p.group for p in batch])
        loss = torch.stack([_loss(left, right, apart, groups, recipe.scale, width) for width in recipe.widths]).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return model.rows.weight.detach().numpy().copy()


def _batches(pairs: Sequence[Pair], size: int, rng: np.random.Generator) -> Iterator[list[Pair]]:
    while True:
        order = rng.permutation(len(pairs))
        for at in range(0, max(1, len(order) - size + 1), size):
            yield [pairs[i] for i in order[at : at + size]]


def _thin(ids: list[int], share: float, rng: np.random.Generator) -> list[int]:
    kept = [i for i, keep in zip(ids, rng.random(len(ids)) >= share, strict=True) if keep]
    return kept or ids


def _loss(
    left: torch.Tensor,
    right: torch.Tensor,
    apart: torch.Tensor | None,
    groups: torch.Tensor,
    scale: float,
    width: int,
) -> torch.Tensor:
    """In-batch cross entropy both ways; texts of the same group are left out of each other's negatives."""
    unit = torch.nn.functional.normalize
    a, b = unit(left[:, :width], dim=1), unit(right[:, :width], dim=1)
    same = (groups[:, None] == groups[None, :]) & ~torch.eye(len(groups), dtype=torch.bool)
    forth = (scale * a @ b.T).masked_fill(same, -1e4)
    wider = forth if apart is None else torch.cat([forth, scale * a @ unit(apart[:, :width], dim=1).T], dim=1)
    target = torch.arange(len(groups))
    cross = torch.nn.functional.cross_entropy
    return (cross(wider, target) + cross(forth.T, target)) / 2

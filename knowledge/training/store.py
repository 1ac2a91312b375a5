"""Writes a trained model the way `knowledge.embedding.ShippedEmbedding` reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from knowledge.confidence import Curves
from knowledge.training.start import Matrix

SHARPNESS = 16.0
"""How strongly the nearest intents outweigh the others."""
PULL = 0.4
"""Length of what the intents add to a text's vector of length 1."""


def store(folder: Path, vocabulary: Sequence[str], rows: Matrix, keys: Matrix, values: Matrix) -> None:
    """int8 rows with one float32 scale each: a quarter of the size, cosine to the original at least .9999."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocabulary.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    for name, matrix in (("rows", rows), ("keys", keys), ("values", values)):
        scales = np.maximum(np.abs(matrix).max(axis=1), 1e-9).astype(np.float32) / np.float32(127)
        np.save(folder / f"{name}.npy", np.rint(matrix / scales[:, None]).astype(np.int8))
        np.save(folder / f"{name}_scales.npy", scales)
    settings = {"name": "dianban-static", "sharpness": SHARPNESS, "pull": PULL}
    (folder / "model.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


def store_curves(folder: Path, curves: Curves) -> None:
    """Put the confidence to start from beside the model in `folder`."""
    path = folder / "model.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    rounded = {
        kind: {name: round(value, 3) for name, value in asdict(curve).items()}
        for kind, curve in (("faq", curves.faq), ("text", curves.text))
    }
    path.write_text(json.dumps(settings | {"curves": rounded}, indent=1) + "\n", encoding="utf-8")

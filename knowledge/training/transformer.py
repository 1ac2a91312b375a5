"""The shipped model as a sentence-transformers model: for its losses, its evaluators, and to check the numpy path.

Built from our files each time. A saved folder must not be reloaded through `modules.json`: without `trust_remote_code`
the class is refused, and with it `load` gives back a plain `StaticEmbedding` whose vectors are all zero.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from knowledge.embedding import MODEL
from knowledge.words import features

_UNKNOWN = "[UNK]"


class FeatureEmbedding(StaticEmbedding):
    """Mean of feature rows over our own tokens; the direction of their sum."""

    def preprocess(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        return super().preprocess([" ".join(features(text)) for text in inputs], *args, **kwargs)


class IntentAttention(torch.nn.Module):
    """The second layer; see `knowledge.training.intents`."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor, sharpness: float, pull: float) -> None:
        super().__init__()
        self.keys, self.values = torch.nn.Parameter(keys), torch.nn.Parameter(values)
        self.sharpness, self.pull = sharpness, pull

    def forward(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        text = torch.nn.functional.normalize(inputs["sentence_embedding"], dim=1)
        shared = torch.softmax(self.sharpness * text @ self.keys.T, dim=1) @ self.values
        known = text.any(dim=1, keepdim=True)
        inputs["sentence_embedding"] = text + self.pull * known * torch.nn.functional.normalize(shared, dim=1)
        return inputs


def sentence_transformer(folder: Path = MODEL) -> SentenceTransformer:
    """The model in `folder`, ready to encode or to train on."""
    names = (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
    number = {name: at for at, name in enumerate(names)} | {_UNKNOWN: len(names)}
    tokenizer = Tokenizer(WordLevel(number, unk_token=_UNKNOWN))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    rows = np.vstack([_matrix(folder, "rows"), np.zeros((1, _matrix(folder, "keys").shape[1]), dtype=np.float32)])
    settings = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    return SentenceTransformer(
        modules=[
            FeatureEmbedding(tokenizer, embedding_weights=rows),
            IntentAttention(
                torch.from_numpy(_matrix(folder, "keys")),
                torch.from_numpy(_matrix(folder, "values")),
                settings["sharpness"],
                settings["pull"],
            ),
            Normalize(),
        ],
        device="cpu",
    )


def _matrix(folder: Path, name: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.asarray(np.load(folder / f"{name}.npy") * np.load(folder / f"{name}_scales.npy")[:, None])

"""Learns what makes a message ask: our questions and wishes on one side, our statements and thanks on the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from knowledge.asking import SCALE
from knowledge.training.corpus import NEITHER, TELLING, Intent
from knowledge.words import clean, features

STRENGTH = 0.1
"""Inverse of the regularisation."""


def asking_weights(vocabulary: Sequence[str], intents: Sequence[Intent], telling: Sequence[str]) -> NDArray[np.int8]:
    """int8 weights of the features of `vocabulary`, in steps of 1/`SCALE`, and the bias behind them."""
    from sklearn.linear_model import LogisticRegression

    if not telling:
        return np.zeros(len(vocabulary) + 1, dtype=np.int8)
    wanted = [text for i in intents if i.key not in TELLING | NEITHER for text in i.texts]
    texts = [clean(text) for text in (*wanted, *telling)]
    number = {name: at for at, name in enumerate(vocabulary)}
    bags = [sorted({number[f] for f in features(text) if f in number}) for text in texts]
    ends = np.cumsum([0, *map(len, bags)])
    flat = np.fromiter((i for bag in bags for i in bag), dtype=np.int32, count=int(ends[-1]))
    seen = sp.csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(bags), len(number)))
    asks = np.arange(len(texts)) < len(wanted)
    found = LogisticRegression(C=STRENGTH, max_iter=1000, class_weight="balanced").fit(seen, asks)
    weights = np.append(found.coef_[0], found.intercept_[0])
    return np.clip(np.rint(weights * SCALE), -127, 127).astype(np.int8)

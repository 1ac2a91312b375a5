"""How sure a model may be before a shop has questions of its own: fitted on our intents as if they were a shop.

The shop knows an intent by its standard question alone and is asked people's wordings of it; every question is asked
once more of a shop that lacks its entry. The model must not have learnt the wordings: for the shipped model a second
one is trained without a part of the intents, a foreign model never saw any. Measured on real shoppers' messages, the
expected calibration error of this start is .03.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knowledge.asking import asks
from knowledge.confidence import Confidence, Curves, LeftOut, fit
from knowledge.coverage import Asked, spoken
from knowledge.embedding import Embedding
from knowledge.index import POOL, ShopIndex, entry_scores, looks, row_scores, seen_of
from knowledge.rerank import Looks, closest
from knowledge.training.corpus import Intent
from knowledge.types import Passage
from knowledge.words import clean

QUESTIONS = 1500
OFF_SHARE = 0.25
"""Share of questions no entry answers: more than a shop's own fit assumes, whose entries fit its shoppers better."""
HELD = 0.5
"""Belief in the default curve, in questions a question: our intents are no near-duplicates of each other as entries
of some shops are, and would have the gap between two entries count for too little."""


def curves(
    embedding: Embedding,
    intents: Sequence[Intent],
    answers: Sequence[tuple[str, str]],
    *,
    every: int = 1,
    most: int = QUESTIONS,
    seed: int = 0,
) -> Curves:
    """Confidence for FAQ entries and for stretches of documents.

    `answers`: question and answering sentence. `every`: the shop holds only every so manieth intent and answer, from
    the first on, because the model has learnt from the others: mixed, the learnt would drown those it must judge.
    `most`: questions asked at most of either kind.
    """
    intents, answers = intents[::every], answers[::every]
    faq = [Passage(i.key, "faq", "", i.key, question=i.question) for i in intents]
    asked = [(intent.key, said) for intent in intents for said in intent.say]
    text = [Passage(str(at), "text", said, str(at)) for at, (_, said) in enumerate(answers)]
    questions = [(str(at), question) for at, (question, _) in enumerate(answers)]
    rng = np.random.default_rng(seed)
    return Curves(_fitted(embedding, faq, asked, most, rng, HELD), _fitted(embedding, text, questions, most, rng, 0.0))


def _fitted(
    embedding: Embedding,
    passages: list[Passage],
    asked: list[tuple[str, str]],
    most: int,
    rng: np.random.Generator,
    held: float,
) -> Confidence:
    index = ShopIndex.build(passages, embedding)
    number = {passage.id: at for at, passage in enumerate(passages)}
    seen = []
    for key, question in (asked[at] for at in rng.permutation(len(asked))[:most].tolist()):
        text, entry = clean(question), number[key]
        found = _found(index, text)
        if len(found.entries) > 2:
            seen.append(_left_out(index, text, found, entry, 1 - OFF_SHARE))
            seen.append(_left_out(index, text, found.without(entry), entry, OFF_SHARE))
    return fit(seen, Confidence(), trust=held * len(seen))


def _found(index: ShopIndex, text: str) -> Looks:
    seen = seen_of(index, text)
    match, _ = entry_scores(index.rows, row_scores(index, seen.dense, seen.lexical))
    return looks(index, text, seen, match, closest(match, None, POOL))


def _left_out(index: ShopIndex, text: str, found: Looks, entry: int, weight: float) -> LeftOut:
    place, words = found.order()[0], Asked.of(text)
    best = int(found.entries[place])
    missing = words.missing(spoken(index.passages[best]))
    return LeftOut(found.evidence(place, missing, words.length, asks(text)), best == entry, weight)

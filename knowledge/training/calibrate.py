"""How sure a model may be before a shop has questions of its own: fitted on our intents as if they were a shop.

The shop knows an intent by its standard question alone and is asked people's wordings of it; every question is asked
once more of a shop that lacks its entry. The model must not have learnt the wordings: for the shipped model a second
one is trained without a part of the intents, a foreign model never saw any. Measured on real shoppers' messages, the
expected calibration error of this start is .03.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knowledge.confidence import Confidence, Curves, Evidence, LeftOut, fit
from knowledge.coverage import Asked, spoken
from knowledge.embedding import Embedding
from knowledge.index import ShopIndex
from knowledge.training.corpus import Intent
from knowledge.types import Hit, Passage
from knowledge.words import clean

QUESTIONS = 1500
OFF_SHARE = 0.25
"""Share of questions no entry answers: more than a shop's own fit assumes, whose entries fit its shoppers better."""


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
    return Curves(_fitted(embedding, faq, asked, most, rng), _fitted(embedding, text, questions, most, rng))


def _fitted(
    embedding: Embedding, passages: list[Passage], asked: list[tuple[str, str]], most: int, rng: np.random.Generator
) -> Confidence:
    index = ShopIndex.build(passages, embedding)
    chosen = rng.permutation(len(asked))[:most].tolist()
    seen = []
    for entry, question in (asked[at] for at in chosen):
        hits = index.search(question, k=3)
        without = [hit for hit in hits if hit.passage.id != entry]
        if len(without) >= 2:
            words = Asked.of(clean(question))
            seen.append(_left_out(hits, entry, words, 1 - OFF_SHARE))
            seen.append(_left_out(without, entry, words, OFF_SHARE))
    return fit(seen, Confidence(), trust=0)


def _left_out(hits: Sequence[Hit], entry: str, words: Asked, weight: float) -> LeftOut:
    first, second = hits[0], hits[1]
    seen = Evidence(first.match, first.match - second.match, words.missing(spoken(first.passage)), words.length)
    return LeftOut(seen, first.passage.id == entry, weight)

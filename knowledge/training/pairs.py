"""Which texts come together in fine-tuning, and which stay apart, all from our own text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knowledge.training.corpus import Corpus, Pair
from knowledge.training.grammar import Grammar, Synonyms

PER_INTENT = 100
NEAR_MISSES = 5_000
ANSWERS = 4_000
TEMPLATES = 8_000
REWRITTEN = 0.3
"""Share of texts in which words are put for one another."""
OPENERS = ("", "", "", "", "请问", "你好", "亲", "那个", "我想问下", "诶", "老板", "客服")
TAILS = ("", "", "", "", "", "？？", "谢谢", "急", "呀", "亲", "了", "啊", "呢")
_OTHER_GROUPS = 100_000
"""Group numbers from here on belong to no intent."""


class OwnPairs:
    """Draws training pairs; one seeded generator decides everything."""

    def __init__(self, corpus: Corpus, *, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._texts = [list(dict.fromkeys(intent.texts)) for intent in corpus.intents]
        self._keys = [intent.key for intent in corpus.intents]
        self._number = {intent.key: number for number, intent in enumerate(corpus.intents)}
        self._grammar = Grammar(corpus.grammar, self._rng)
        self._synonyms = Synonyms(corpus.synonyms, self._rng)
        self._near = corpus.near
        self._answers = corpus.answers

    def all(self) -> list[Pair]:
        """Every kind, in the measured proportions."""
        return [
            *(self._rewritten(self.same_intent()) for _ in range(PER_INTENT * len(self._texts))),
            *(self.near_miss() for _ in range(NEAR_MISSES)),
            *(self.answer() for _ in range(ANSWERS)),
            *(self.template() for _ in range(TEMPLATES)),
        ]

    def same_intent(self) -> Pair:
        """Two wordings of one intent."""
        number = self._draw(len(self._texts))
        texts = self._texts[number]
        one, two = self._rng.choice(len(texts), size=2, replace=False).tolist()
        return Pair(self.dressed(texts[one]), self.dressed(texts[two]), number)

    def near_miss(self) -> Pair:
        """Two wordings of one side of a near miss, and one of another side to stay away from."""
        at = self._draw(len(self._near))
        sides = self._near[at]["sides"]
        mine, other = self._rng.choice(len(sides), size=2, replace=False).tolist()
        said: list[str] = sides[mine]["say"]
        number = self._number.get(sides[mine].get("intent"))
        # Half of the time the side is tied to the wordings of the intent it belongs to.
        pool = self._texts[number] if number is not None and self._rng.random() < 0.5 else said
        group = _OTHER_GROUPS + 10 * at + mine if number is None else number
        left, right, apart = self._one(said), self._one(pool), self._one(sides[other]["say"])
        return Pair(self.dressed(left), self.dressed(right), group, self.dressed(apart))

    def answer(self) -> Pair:
        """A question and the sentence that answers it."""
        at = self._draw(len(self._answers))
        question, said = self._answers[at]
        return Pair(self.dressed(question), said, 2 * _OTHER_GROUPS + at)

    def template(self) -> Pair:
        """A filled template of an intent, and a wording of people or another filling."""
        while True:
            number = self._draw(len(self._texts))
            left, filled = self._grammar.says(self._keys[number]), self._grammar.says(self._keys[number])
            if left is not None and filled is not None:
                right = filled if self._rng.random() < 0.3 else self._one(self._texts[number])
                return Pair(self.dressed(left), self.dressed(right), number)

    def dressed(self, text: str) -> str:
        """`text` as another shopper might type it: an opener, a tail, one character lost in a tenth of cases."""
        if len(text) > 4 and self._rng.random() < 0.1:
            lost = self._draw(len(text))
            text = text[:lost] + text[lost + 1 :]
        return self._one(OPENERS) + text + self._one(TAILS)

    def _rewritten(self, pair: Pair) -> Pair:
        left, right = (
            self._synonyms.rewritten(text) if self._rng.random() < REWRITTEN else text
            for text in (pair.left, pair.right)
        )
        return Pair(left, right, pair.group, pair.other)

    def _draw(self, below: int) -> int:
        return int(self._rng.integers(below))

    def _one(self, values: Sequence[str]) -> str:
        return values[self._draw(len(values))]

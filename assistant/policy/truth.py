"""Three-valued tests over facts (strong Kleene logic): unknown stays unknown unless the answer no longer depends on it.

Written in a policy as `intact`, `not worn`, `{fault: [quality, damage]}`, `{tag: diapers}`, or `{not: …}`,
`{all: […]}`, `{any: […]}` of such.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assistant.policy.names import tag_name
from assistant.policy.view import FACTS, Truth, View


@dataclass(frozen=True, slots=True)
class Test:
    """A test ready to run."""

    __test__ = False
    truth: Callable[[View], Truth]
    facts: tuple[str, ...]
    """The facts it looks at."""

    def missing(self, view: View) -> tuple[str, ...]:
        """Which facts keep the answer open."""
        names: dict[str, None] = {}
        for fact in self.facts:
            if view.fact(fact) is None:
                names.update(dict.fromkeys(view.missing(fact)))
        return tuple(names)


def read_test(written: Any) -> Test:
    """The test as written in a policy. Raises `ValueError` naming what it does not understand."""
    match written:
        case str():
            name = written.removeprefix("not ")
            _known(name)
            return _negated(_plain(name)) if written != name else _plain(name)
        case {"not": inner} if len(written) == 1:
            return _negated(read_test(inner))
        case {"all": [*inner]} if len(written) == 1 and inner:
            return _joined([read_test(i) for i in inner], stop=False)
        case {"any": [*inner]} if len(written) == 1 and inner:
            return _joined([read_test(i) for i in inner], stop=True)
        case {"tag": wanted} if len(written) == 1:
            return _tagged(frozenset(map(tag_name, wanted if isinstance(wanted, list) else [wanted])))
        case dict() if len(written) == 1:
            ((name, wanted),) = written.items()
            _known(str(name))
            return _among(str(name), tuple(wanted) if isinstance(wanted, list) else (wanted,))
    raise ValueError(f"看不懂条件 {written!r}；写成 intact、not worn、{{fault: [quality]}} 或 all/any/not 的组合")


def _known(name: str) -> None:
    if name not in FACTS:
        raise ValueError(f"条件里的事实 {name!r} 引擎不认识；认识的有 {'、'.join(sorted(FACTS))}")


def _plain(name: str) -> Test:
    def truth(view: View) -> Truth:
        value: Truth = view.fact(name)
        return value

    return Test(truth, (name,))


def _negated(test: Test) -> Test:
    inner = test.truth

    def truth(view: View) -> Truth:
        value = inner(view)
        return None if value is None else not value

    return Test(truth, test.facts)


def _joined(tests: list[Test], *, stop: bool) -> Test:
    """`all` stops at the first False, `any` at the first True; otherwise one unknown leaves the whole unknown."""
    inner = tuple(test.truth for test in tests)

    def truth(view: View) -> Truth:
        answer: Truth = not stop
        for each in inner:
            value = each(view)
            if value is stop:
                return stop
            if value is None:
                answer = None
        return answer

    return Test(truth, tuple(dict.fromkeys(fact for test in tests for fact in test.facts)))


def _tagged(tags: frozenset[str]) -> Test:
    return Test(lambda view: not view.tags.isdisjoint(tags), ())


def _among(name: str, wanted: tuple[Any, ...]) -> Test:
    def truth(view: View) -> Truth:
        value = view.fact(name)
        return None if value is None else value in wanted

    return Test(truth, (name,))

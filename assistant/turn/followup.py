"""Half-questions: “那鞋子呢”, “多久到账”, “第二个” lean on what was said before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from assistant.conversation.events import Message, Option
from assistant.conversation.state import Conversation
from assistant.turn.smalltalk import small_talk
from knowledge.text import fold
from prompts import words

_AND_X = re.compile(r"^(?:那么?|如果是?|要是|换成|假如是?|还有)?(?P<x>.{1,10}?)(?:的话)?(?:呢|咧|嘞|怎么样|咋样)?$")
_LEANS = re.compile(r"^(?:那(?!个|款|件|双|条|种|边|里)|如果|要是|换成|假如)|(?:呢|咧|嘞)$")
_ORDINAL = re.compile(r"^(?:选|是|要|就|我?问的是)?(?:第)?([一二三四1234])(?:个|条|项|种)?(?:吧|的|呢)?$")
SHORT = 14
"""Letters up to which a question may lean on the one before without saying so."""
_EMPTY = (
    "就是",
    "上次",
    "那个",
    "这个",
    "怎么",
    "咋",
    "办",
    "弄",
    "呃",
    "额",
    "嗯",
    "啊",
    "呢",
    "吗",
    "的",
    "了",
    "我",
    "你",
    "帮",
)
"""Words that say nothing on their own."""
_FORMER = {"前者": 0, "前面那个": 0, "上面那个": 0, "后者": 1, "后面那个": 1, "下面那个": -1, "最后一个": -1}


@cache
def _lexicon() -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...], frozenset[str]]:
    table = words("lexicon_followup")
    # Longest first, so that “羽绒服” is not taken for “服”.
    groups = tuple(tuple(sorted(group, key=len, reverse=True)) for group in table["swap"])
    return groups, tuple(table["pointing"]), frozenset(table["elliptical"])


def _swapped(before: str, x: str) -> str | None:
    """`before` with the noun of the same kind as `x` replaced by it: (退货运费谁出, 换货) → 换货运费谁出."""
    groups, _, _ = _lexicon()
    for group in groups:
        new = next((noun for noun in group if noun == x), None) or next(
            (n for n in group if n in x and len(n) > 1), None
        )
        old = next((noun for noun in group if noun in before), None)
        if new and old and new != old:
            return before.replace(old, x if len(x) <= len(new) + 3 else new, 1)
    return None


def leans_on_before(text: str) -> bool:
    """Whether a question cannot be understood without the one before it."""
    _, pointing, elliptical = _lexicon()
    bare = text.rstrip("?？呀啊哦呢吧 ")
    return (
        bare in elliptical
        or text.rstrip("?？ ") in elliptical
        or bool(_LEANS.search(text.rstrip("?？ ")) and len(bare) <= 12)
        or any(p in text for p in pointing)
    )


def says_nothing(text: str) -> bool:
    """Whether a message with nothing before it only points: “怎么办”, “就是上次那个”, “???”."""
    _, pointing, _ = _lexicon()
    bare = re.sub(r"[\s\W]+", "", text)
    if not bare or bare in words("lexicon_followup")["empty"]:
        return True
    left = bare
    for word in sorted((*pointing, *_EMPTY), key=len, reverse=True):
        left = left.replace(word, "")
    return not left


def completions(text: str, before: str | None) -> tuple[str, ...]:
    """Readings of `text` completed from `before`, the question answered last; likeliest first, () where none."""
    if not before or not leans_on_before(text):
        return ()
    bare = text.rstrip("?？ ")
    match = _AND_X.match(bare)
    if match and (swapped := _swapped(before, match["x"])):
        return (swapped,)
    return (f"{before} {match['x'] if match else bare}",)


def topical(text: str, before: str | None) -> tuple[str, ...]:
    """A short question read with the matter (价保, 毛衣 …) of the question before it; () where it names its own."""
    if not before or len(text) > SHORT or _matters(text):
        return ()
    return tuple(f"{matter} {text}" for matter in _matters(before)[:2])


def _matters(text: str) -> list[str]:
    """The services and things a text names, services first."""
    table = words("lexicon_followup")
    services = [name for name, said in table["matters"].items() if re.search(said, text)]
    groups, _, _ = _lexicon()
    things = [noun for group in groups[3:6] for noun in group if noun in text][:1]
    return services[:1] + things


def last_question(talk: Conversation) -> str | None:
    """The question the assistant answered last, standing alone; or what the shopper said last."""
    for trace in reversed(talk.traces):
        if asked := [str(a.get("question", "")) for a in trace.meaning.get("answered", ()) if a.get("question")]:
            return asked[-1]
    said = [fold(m.text) for m in talk.messages[: -len(talk.pending) or None] if m.by == "shopper"]
    return next((text for text in reversed(said) if not (small_talk(text) or says_nothing(text))), None)


def picked(text: str, options: Sequence[Option]) -> Option | None:
    """Which of the offered options a reply picks: by number, by “前者/后者”, or by its own words."""
    bare = re.sub(r"[\s\W]+", "", text)
    if match := _ORDINAL.match(bare):
        place = "一二三四".find(match[1]) if match[1] in "一二三四" else int(match[1]) - 1
        return options[place] if 0 <= place < len(options) else None
    if bare in _FORMER:
        return options[_FORMER[bare]] if options else None
    within = [o for o in options if len(bare) >= 2 and (bare in o.label or bare == re.sub(r"[\s\W]+", "", o.label))]
    return within[0] if len(within) == 1 else None


def offered(talk: Conversation) -> Sequence[Option]:
    """The options of the clarifying question still open, if the assistant's last message was one."""
    for message in reversed(talk.messages):
        match message:
            case Message(by="assistant", action="clarify"):
                return message.suggestions
            case Message(by="assistant"):
                return ()
    return ()

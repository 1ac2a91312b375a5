"""The browser's pure files: their own tests under Node, and the two folds that must agree."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.conversation.events import (
    EVENT,
    STAFF_ONLY,
    Claimed,
    Event,
    HandedOver,
    Judged,
    Message,
    Part,
    Rated,
    Released,
    Resolved,
)
from assistant.conversation.state import fold
from prompts import words

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "assistant" / "web"
RECORDINGS = sorted((HERE.parent / "recordings").glob("*.jsonl"))
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node.js is not installed: the browser's files go untested")

Frames = list[dict[str, Any]]


@needs_node
@pytest.mark.parametrize("file", sorted(HERE.glob("test_*.mjs")), ids=lambda file: file.stem)
def test_under_node(file: Path) -> None:
    assert NODE is not None
    run = subprocess.run([NODE, "--test", str(file)], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture(scope="module")
def in_browser() -> Iterator[Callable[[Frames], dict[str, Any]]]:
    """Fold frames as the widget does."""
    if NODE is None:
        pytest.skip("Node.js is not installed: the two folds cannot be compared")
    with subprocess.Popen(
        [NODE, str(HERE / "fold.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as node:
        assert node.stdin is not None
        assert node.stdout is not None

        def folded(frames: Frames) -> dict[str, Any]:
            assert node.stdin is not None
            assert node.stdout is not None
            node.stdin.write(json.dumps(frames) + "\n")
            node.stdin.flush()
            told: dict[str, Any] = json.loads(node.stdout.readline())
            return told

        yield folded
        node.stdin.close()


def on_server(frames: Frames) -> dict[str, Any]:
    """The same frames through the fold of the server."""
    talk = fold([(frame["seq"], EVENT.validate_python(frame["event"])) for frame in frames])
    return {
        "seq": talk.seq,
        "messages": [{"by": message.by, "text": message.text} for message in talk.messages],
        "speaking": talk.speaking,
        "pending": list(talk.pending),
        "held_by": talk.held_by,
        "holder": talk.holder,
        "reason": talk.reason,
        "rated": talk.rated,
    }


def recorded(file: Path) -> Frames:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_there_are_recordings() -> None:
    assert {file.stem for file in RECORDINGS} >= {"answered", "handed_over", "interrupted"}


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: file.stem)
def test_a_recording_means_the_same_to_server_and_browser(
    file: Path, in_browser: Callable[[Frames], dict[str, Any]]
) -> None:
    frames = recorded(file)
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    for end in range(len(frames) + 1):
        ours = in_browser(frames[:end])
        ours.pop("shown")
        assert ours == on_server(frames[:end])


_short = st.text("能退吗。", min_size=1, max_size=4)
_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Message, by=st.just("shopper"), text=_short),
    st.builds(Message, by=st.just("staff"), text=_short, name=st.just("小李")),
    st.builds(Message, by=st.just("assistant"), text=_short, action=st.just("answer")),
    st.builds(Part, text=_short),
    st.builds(HandedOver, reason=st.sampled_from(["anger", "asked_for_person"])),
    st.builds(Claimed, by=st.sampled_from(["li", "wang"])),
    st.builds(Released, by=st.just("li")),
    st.builds(Resolved, by=st.just("li")),
    st.builds(Rated, stars=st.integers(1, 5)),
    st.builds(Judged, seq=st.integers(1, 9), helpful=st.booleans()),
)


@given(events=st.lists(_events, max_size=14), shuffle=st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_any_conversation_in_any_order_means_the_same_to_both(
    events: list[Event], shuffle: Any, in_browser: Callable[[Frames], dict[str, Any]]
) -> None:
    frames = [
        {"seq": n, "at": "2026-11-22T10:00:00+08:00", "event": event.model_dump(mode="json")}
        for n, event in enumerate(events, 1)
    ]
    disordered = frames + frames[::2]
    shuffle.shuffle(disordered)
    ours = in_browser(disordered)
    shown = ours.pop("shown")
    assert ours == on_server(frames)
    people = [event.text for event in events if isinstance(event, Message) and event.by != "assistant"]
    rest = iter(shown)
    assert all(text in rest for text in people), "what people said stands in the log, in the order it was said"


def test_every_event_a_shopper_sees_is_folded_in_the_browser() -> None:
    kinds = {kind for kind in re.findall(r"case \"(\w+)\":", (WEB / "talk.js").read_text("utf-8"))}
    shopper_sees = {
        schema.model_fields["kind"].default
        for schema in Event.__origin__.__args__  # type: ignore[attr-defined]
    } - STAFF_ONLY
    assert kinds == shopper_sees


# — words —

_NAMED = re.compile(r"[\"`]([a-z_]+(?:\.[a-z_*]+)+)[\"`]")


def _named(code: str) -> set[str]:
    """The dotted names in `code`; what a template fills in is `*`."""
    return set(_NAMED.findall(re.sub(r"\$\{[^}]*\}", "*", code)))


def _leaves(table: Any, path: str = "") -> Iterator[str]:
    if isinstance(table, dict):
        for key, value in table.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    else:
        yield path


def test_every_word_the_widget_asks_for_is_there_and_none_is_spare() -> None:
    table = {key: group for key, group in words("widget").items() if key not in ("version", "topics", "traditional")}
    there = set(_leaves(table))
    files = [file for file in WEB.glob("*.js") if file.stem != "storefront"]
    asked = {name for file in files for name in _named(file.read_text("utf-8")) if name.split(".")[0] in table}
    wanted = {name: re.compile(re.escape(name).replace(r"\*", "[^.]+") + r"(\..+)?$") for name in asked}
    assert {name for name, like in wanted.items() if not any(like.match(leaf) for leaf in there)} == set()
    assert {leaf for leaf in there if not any(like.match(leaf) for like in wanted.values())} == set()


def test_no_chinese_stands_in_the_code_of_the_widget() -> None:
    for file in WEB.glob("*.js"):
        code = re.sub(r"//[^\n]*|/\*.*?\*/", "", file.read_text("utf-8"), flags=re.S)
        assert not re.search(r"[一-鿿]", code), f"{file.name} speaks to people by itself"


def test_nothing_is_ever_read_as_html() -> None:
    for file in WEB.glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", file.read_text("utf-8")
        ), file.name

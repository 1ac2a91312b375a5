"""Any event, for properties."""

from __future__ import annotations

from hypothesis import strategies as st

from assistant.conversation.events import (
    Claimed,
    Event,
    HandedOver,
    Judged,
    Message,
    Noted,
    Part,
    Rated,
    Released,
    Resolved,
    Traced,
    Visited,
)

texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=20)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Message, by=st.sampled_from(["shopper", "assistant", "staff"]), text=texts),
    st.builds(Message, by=st.just("assistant"), text=texts, action=st.sampled_from(["answer", "clarify", "handoff"])),
    st.builds(Part, text=texts),
    st.builds(Traced, faults=st.tuples(texts)),
    st.builds(HandedOver, reason=st.sampled_from(["anger", "safety"]), ticket=st.uuids().map(str)),
    st.builds(Claimed, by=st.sampled_from(["li", "wang"])),
    st.builds(Noted, by=st.just("li"), text=texts),
    st.builds(Released, by=st.just("li")),
    st.builds(Resolved, by=st.just("li"), summary=texts),
    st.builds(Rated, stars=st.integers(1, 5)),
    st.builds(Judged, seq=st.integers(1, 9), helpful=st.booleans()),
    st.builds(Visited, product=st.one_of(st.none(), texts)),
)

"""From what an agent answered to knowledge, phrases in and out, and the reply that is recommended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.conversation.events import Claimed, HandedOver, Message, Resolved
from assistant.conversation.state import fold
from assistant.conversation.store import RecordMoved
from assistant.service.assist import recommend
from assistant.service.canned import Canned, NoPhrases, canned, find, read_phrases, save, write_phrases
from assistant.service.drafts import NoSuchDraft, accept, drafted, drafts, drop, edit, offer
from assistant.service.reception import Reception
from knowledge.catalogue import Catalogue
from knowledge.database import open_engine
from tests.support.server import reception
from tests.support.shops import small_shop


@pytest.fixture
async def receives() -> AsyncIterator[Reception]:
    receives = await reception()
    yield receives
    await receives.close()


async def solved(
    receives: Reception, *said: str, replies: tuple[str, ...] = ("可以定制，七天内发。",)
) -> tuple[str, str]:
    """A conversation whose ticket is resolved; its id and the ticket's."""
    talk, _ = await receives.store.open_talk("demo")
    words = [Message(by="shopper", text=text) for text in said]
    answers = [Message(by="staff", name="小李", text=text) for text in replies]
    over = HandedOver(reason="no_evidence", ticket=f"T{talk}")
    await receives.store.append(talk, (*words, over, Claimed(by="li"), *answers, Resolved(by="li")))
    return talk, over.ticket


@pytest.mark.parametrize(
    ("said", "replies", "pair"),
    [
        (("能刻字吗", "转人工"), ("可以刻。",), ("能刻字吗", "可以刻。")),
        (("能刻字吗", "谢谢"), ("可以刻。", "三天好。"), ("能刻字吗", "可以刻。\n三天好。")),
        (("转人工",), ("您好",), None),
        (("能刻字吗",), (), None),
    ],
)
async def test_the_question_is_the_last_thing_asked_before_the_person(
    receives: Reception, said: tuple[str, ...], replies: tuple[str, ...], pair: tuple[str, str] | None
) -> None:
    talk, ticket = await solved(receives, *said, replies=replies)
    assert drafted(await receives.store.read(talk), ticket) == pair


async def test_a_draft_is_accepted_into_the_shops_knowledge_once(receives: Reception, tmp_path: Path) -> None:
    talk, ticket = await solved(receives, "杯子能刻字吗")
    assert await offer(receives.store, talk, ticket, "li") is not None
    [draft] = await drafts(receives.store, ("demo",))
    await edit(receives.store, "demo", draft.id, question="杯子能刻字吗", answer="可以刻字，七天内发。", version=1)
    with pytest.raises(RecordMoved):
        await edit(receives.store, "demo", draft.id, question="x", answer="y", version=1)
    engine = open_engine(f"sqlite:///{tmp_path}/k.db")
    catalogue = Catalogue(engine)
    await catalogue.open()
    tried = await accept(receives.store, catalogue, "demo", draft.id, dry_run=True)
    assert (tried.added, await catalogue.shops()) == (1, [])
    assert (await accept(receives.store, catalogue, "demo", draft.id)).added == 1
    [passage] = await catalogue.passages("demo")
    assert (passage.question, passage.text) == ("杯子能刻字吗", "可以刻字，七天内发。")
    with pytest.raises(NoSuchDraft):
        await accept(receives.store, catalogue, "demo", draft.id)
    again = await offer(receives.store, talk, ticket, "li")
    assert again is not None
    assert again.state == "accepted"
    await engine.dispose()


async def test_a_draft_thrown_away_does_not_come_back(receives: Reception) -> None:
    talk, ticket = await solved(receives, "杯子能刻字吗")
    await offer(receives.store, talk, ticket, "li")
    await drop(receives.store, "demo", ticket)
    assert await drafts(receives.store) == []
    assert [one.state for one in await drafts(receives.store, state=None)] == ["dropped"]


async def test_phrases_go_out_and_come_in_unchanged(receives: Reception) -> None:
    team = [Canned("物流", "fh", "付款后48小时内发出。"), Canned("", "", '逗号,引号"换行\n都在')]
    assert read_phrases("短语.csv", write_phrases(team)) == team
    await save(receives.store, "demo", team)
    await save(receives.store, "demo", [Canned("我的", "hi", "您好")], "li")
    assert await canned(receives.store, "demo") == team
    own = await canned(receives.store, "demo", "li")
    assert [one.code for one in find(own, "H")] == ["hi"]
    assert find(own, "48小时") == team[:1]
    gbk = "快捷编码,快捷短语（必填）,分组\nhy,欢迎光临,问候\n".encode("gb18030")
    assert read_phrases("x.csv", gbk) == [Canned("问候", "hy", "欢迎光临")]
    with pytest.raises(NoPhrases):
        read_phrases("x.csv", "姓名,年龄\n张三,3\n".encode())


async def test_a_reply_is_recommended_from_the_same_files_and_nothing_is_said() -> None:
    log = [
        Message(by="shopper", text="你好"),
        HandedOver(reason="anger", ticket="T1"),
        Claimed(by="li"),
        Message(by="shopper", text="退货运费谁出"),
    ]
    talk = fold(list(enumerate(log, 1)))
    told = await recommend(small_shop(), talk)
    assert told is not None
    assert told.action == "answer"
    assert [cite.source for cite in told.cites] == ["faq.csv#5"]
    other = await recommend(small_shop(), talk, "发什么快递")
    assert other is not None
    assert "中通" in other.text
    answered = talk.after(5, Message(by="staff", text="质量问题我们出"))
    assert await recommend(small_shop(), answered) is None

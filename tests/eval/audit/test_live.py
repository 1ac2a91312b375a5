"""From the log to the report: the conversations a shop really had, on both databases, with appeals and alerts."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from assistant.conversation.events import Event
from assistant.conversation.sql import SqlStore, open_store
from assistant.settings import Settings
from eval.__main__ import main
from eval.audit import report
from eval.audit.alert import BadKey, Hook, NotDelivered, alert, due, read_key
from eval.audit.appeal import (
    CannotAppeal,
    OwnAppeal,
    agreement,
    appeal,
    check_finding,
    check_talk,
    decide,
    sample,
    states,
)
from eval.audit.case import case_of, keep
from eval.audit.inspect import inspect
from eval.audit.report import Inspection
from eval.audit.rules import Example, Rules
from eval.audit.source import one
from eval.audit.written import entries_of
from eval.case import read_cases
from eval.marks import open_marks
from knowledge.database import open_engine

RUDE = Example(
    ("顾客：尺码准吗", "客服小夏：有病吧你，不会自己看？", "顾客：13912345678 给我回电话", "客服小夏：好的。")
)
FINE = Example(("顾客：有黑色吗", "机器人：黑色有现货。", "顾客：谢谢"))
SOON = datetime.now(UTC) + timedelta(days=1)


@asynccontextmanager
async def stored(engine: AsyncEngine, *examples: Example, shop: str = "demo") -> AsyncIterator[list[str]]:
    """These conversations in the log; gives their ids."""
    store: SqlStore = await open_store(engine)
    ids = []
    for example in examples:
        talk, _ = await store.open_talk(shop)
        events: Sequence[Event] = [entry.event for entry in entries_of(example)]
        await store.append(talk, events)
        ids.append(talk)
    yield ids


async def looked(engine: AsyncEngine, rules: Rules) -> Inspection:
    return await inspect(engine, "demo", rules, until=SOON)


async def test_the_report_counts_per_agent_topic_day_and_leaves_other_shops_out(
    engine: AsyncEngine, rules: Rules
) -> None:
    async with stored(engine, RUDE, FINE), stored(engine, RUDE, shop="other"):
        found = await looked(engine, rules)
    told = report.summary(found)
    assert (told["talks"], told["messages"], told["red"]) == (2, 3, 1)
    assert told["agents"]["客服小夏"]["score"] == 60.0
    assert told["agents"]["assistant"] == {
        "talks": 1, "red": 0, "amber": 0, "with_findings": 0.0, "ci95": [0.0, 0.7935], "score": 100.0, "grade": "优",
    }  # fmt: skip
    assert told["agents"]["客服小夏"]["grade"] == "差"
    assert told["topics"]["尺码"]["red"] == 1
    assert [row["agent"] for row in told["trend"]] == ["assistant", "客服小夏"]
    assert "红线 辱骂" in report.text(found)
    assert found.findings[0].shop == "demo"


async def test_what_was_said_before_the_day_is_context_and_not_counted(engine: AsyncEngine, rules: Rules) -> None:
    async with stored(engine, RUDE):
        later = await inspect(engine, "demo", rules, since=SOON, until=SOON)
    assert later.findings == ()
    assert later.seen == ()


async def test_an_appeal_is_decided_by_somebody_else_once(engine: AsyncEngine, rules: Rules) -> None:
    async with stored(engine, RUDE):
        found = await looked(engine, rules)
        (finding,) = found.findings
        marks = await open_marks(engine)
        with pytest.raises(CannotAppeal):
            await decide(marks, finding, "qa", uphold=True, reason="没有人申诉")
        await appeal(marks, finding, "xia", "顾客先骂人，电话 13912345678")
        with pytest.raises(CannotAppeal):
            await appeal(marks, finding, "xia", "再申诉一次")
        with pytest.raises(OwnAppeal):
            await decide(marks, finding, "xia", uphold=False, reason="自己撤")
        await decide(marks, finding, "qa", uphold=False, reason="引用的是顾客原话")
        with pytest.raises(CannotAppeal):
            await decide(marks, finding, "boss", uphold=True, reason="晚了")
        after = await looked(engine, rules)
        kept = await marks.all("demo", "appealed")
    assert after.states == {finding.id: "withdrawn"}
    assert report.summary(after)["red"] == 0
    assert report.summary(after)["agents"]["客服小夏"]["score"] == 100.0
    assert "13912345678" not in str(kept)


async def test_of_two_who_decide_at_once_one_counts(engine: AsyncEngine, rules: Rules) -> None:
    async with stored(engine, RUDE):
        (finding,) = (await looked(engine, rules)).findings
        marks = await open_marks(engine)
        await appeal(marks, finding, "xia", "不同意")
        both = await asyncio.gather(
            decide(marks, finding, "qa", uphold=True, reason="维持"),
            decide(marks, finding, "boss", uphold=False, reason="撤销"),
            return_exceptions=True,
        )
        refused = [one for one in both if isinstance(one, CannotAppeal)]
        (won,) = [one for one in both if not isinstance(one, BaseException)]
        now = states(await marks.all("demo"))
    assert len(refused) == 1
    assert now[finding.id] == won.kind


async def test_the_random_check_is_the_same_for_a_seed_and_agreement_is_counted(
    engine: AsyncEngine, rules: Rules
) -> None:
    async with stored(engine, RUDE, FINE, FINE, FINE) as ids:
        found = await looked(engine, rules)
        drawn = sample(found.seen, found.findings, seed=3)
        assert drawn == sample(tuple(reversed(found.seen)), found.findings, seed=3)
        assert len(drawn.findings) == 1
        assert len(drawn.talks) == 1
        assert set(drawn.talks) < set(ids)
        marks = await open_marks(engine)
        await check_finding(marks, drawn.findings[0], "qa", agrees=True)
        await check_talk(marks, "demo", drawn.talks[0], "qa", clean=False, note="漏了一处")
        told = agreement(await marks.all("demo"))
    assert (told["checked"], told["agreed"], told["agreement"], told["clean"], told["missed"]) == (1, 1, 1.0, 1, 1)
    assert told["ci95"] == [0.2065, 1.0]


async def test_who_looks_again_and_disagrees_withdraws_the_finding(engine: AsyncEngine, rules: Rules) -> None:
    async with stored(engine, RUDE):
        (finding,) = (await looked(engine, rules)).findings
        marks = await open_marks(engine)
        await check_finding(marks, finding, "qa", agrees=False)
        after = await looked(engine, rules)
    assert after.states[finding.id] == "withdrawn"


async def test_a_confirmed_finding_becomes_a_case_once_and_masked(
    engine: AsyncEngine, rules: Rules, tmp_path: Path
) -> None:
    late = Example(("顾客：我电话 13912345678，能退吗", "客服小夏：先给五星好评截图，返您三元再退。"))
    async with stored(engine, late):
        (finding,) = (await looked(engine, rules)).findings
        case = case_of(finding, await one(engine, finding.talk))
    out = tmp_path / "cases.jsonl"
    assert keep([case], out) == 1
    assert keep([case], out) == 0
    (read,) = read_cases([out])
    assert len(read.turns) == 1
    assert "13912345678" not in read.turns[0]
    assert read.turns[0].endswith("能退吗")
    assert read.expect.never
    assert "质检" in read.tags


@dataclass
class Receiver:
    """A merchant's system that takes webhooks, or refuses them, over real HTTP."""

    answers: list[int]
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                pairs = (line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                headers = {name.lower(): value for name, value in pairs}
                body = await reader.readexactly(int(headers["content-length"]))
                self.got.append((headers, body))
                status = self.answers.pop(0) if self.answers else 204
                writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(*answers: int) -> AsyncIterator[Receiver]:
    receiver = Receiver(list(answers))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield receiver


KEY = b"k" * 32


async def test_a_red_line_is_told_once_signed_and_tried_again(engine: AsyncEngine, rules: Rules) -> None:
    async with stored(engine, RUDE), receiving(500) as receiver:
        found = await looked(engine, rules)
        marks = await open_marks(engine)
        told = await alert(Hook(receiver.url, KEY), marks, due(found.findings, ()), pauses=(0.0,))
        again = due(found.findings, await marks.all("demo", "alerted"))
    assert [f.rule for f in told] == ["insult"]
    assert again == []
    (first, _), (second, body) = receiver.got
    assert first["webhook-id"] == second["webhook-id"]
    signed = f"{second['webhook-id']}.{second['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert second["webhook-signature"] == f"v1,{wanted}"
    assert json.loads(body)["data"]["quote"] == found.findings[0].quote


async def test_an_alert_that_nobody_takes_is_told_of_and_stays_due(engine: AsyncEngine, rules: Rules) -> None:
    async with stored(engine, RUDE), receiving(500, 500, 302) as receiver:
        found = await looked(engine, rules)
        marks = await open_marks(engine)
        with pytest.raises(NotDelivered, match="HTTP 302"):
            await alert(Hook(receiver.url, KEY), marks, due(found.findings, ()), pauses=(0.0, 0.0))
        assert len(due(found.findings, await marks.all("demo", "alerted"))) == 1


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_!!!", base64.b64encode(KEY).decode(), "whsec_YWJj"])
def test_a_key_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(BadKey, match="whsec_"):
        read_key(tmp_path / "key")
    (tmp_path / "key").write_text(f"whsec_{base64.b64encode(KEY).decode()}\n")
    assert read_key(tmp_path / "key") == KEY


async def test_a_forgotten_conversation_leaves_no_finding_and_no_words(engine: AsyncEngine, rules: Rules) -> None:
    store = await open_store(engine)
    async with stored(engine, RUDE) as (talk,):
        (finding,) = (await looked(engine, rules)).findings
        marks = await open_marks(engine)
        await appeal(marks, finding, "xia", "不同意")
        await store.forget(talk)
        after = await looked(engine, rules)
        left = str(await marks.all("demo"))
    assert after.findings == ()
    assert finding.quote not in left
    assert finding.asked not in left


def test_the_command_reads_the_log_and_prints_one_document(
    demo_settings: Settings, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    async def fill() -> None:
        opened = open_engine(demo_settings.database_url)
        async with stored(opened, RUDE):
            await opened.dispose()

    asyncio.run(fill())
    monkeypatch.setenv("DATA_DIR", str(demo_settings.DATA_DIR))
    assert main(["audit", "--shop", "demo", "--json", "--sample"]) == 0
    told = json.loads(capfdbinary.readouterr().out)
    assert [f["rule"] for f in told["findings"]] == ["insult"]
    assert told["sample"]["findings"] == [told["findings"][0]["id"]]
    assert main(["audit", "--shop", "nobody"]) == 2
    assert main(["audit", "--since", "gestern"]) == 2
    assert main(["audit", "--alert", "http://127.0.0.1:1"]) == 2
    assert "gestern" in capfdbinary.readouterr().err.decode()

"""The catalogue: versions that never mix, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from knowledge.catalogue import Catalogue, Mode, Upload
from knowledge.database import open_engine
from knowledge.errors import BadShopName, NoSuchShop, NoSuchVersion
from knowledge.moments import parse_moment
from knowledge.types import Passage, identified
from tests.support.postgres import fresh_database


def entry(question: str, answer: str, line: int = 2, file: str = "faq.csv") -> Passage:
    return identified(Passage("", "faq", answer, f"{file}#{line}", question))


def stretch(text: str, line: int = 1, file: str = "rules.md") -> Passage:
    return identified(Passage("", "text", text, f"{file}#{line}", "售后"))


def upload(*passages: Passage, file: str = "faq.csv", original: bytes = b"rows", off: tuple[str, ...] = ()) -> Upload:
    return Upload(file, original, passages, frozenset((file, question) for question in off))


def texts(passages: list[Passage]) -> list[str]:
    return [passage.text for passage in passages]


class CatalogueContract:
    """What holds on every database. A subclass provides the fixture `url`."""

    @pytest.fixture
    async def catalogue(self, url: str) -> AsyncIterator[Catalogue]:
        engine = open_engine(url)
        catalogue = Catalogue(engine)
        await catalogue.open()
        yield catalogue
        await engine.dispose()

    async def test_what_is_published_is_there_with_all_its_fields(self, catalogue: Catalogue) -> None:
        passage = identified(
            Passage(
                "",
                "faq",
                "每满 300 减 50 😀",
                "faq.csv#2",
                "双十一",
                ("满减",),
                ("双十二",),
                "活动",
                ("大促",),
                ("羽绒服",),
                parse_moment("2026-11-01", end=False),
                parse_moment("2026-11-11 20:00", end=True),
            )
        )
        await catalogue.publish("demo", upload(passage))
        assert await catalogue.passages("demo") == [passage]

    async def test_the_same_file_twice_changes_nothing(self, catalogue: Catalogue) -> None:
        given = upload(entry("甲", "甲答案"), entry("乙", "乙答案", 3))
        first = await catalogue.publish("demo", given)
        again = await catalogue.publish("demo", given)
        assert (first.version, first.added) == (1, 2)
        assert (again.version, again.added, again.changed, again.unchanged, again.removed) == (1, 0, 0, 2, 0)
        assert len(await catalogue.versions("demo")) == 1
        assert len(await catalogue.sources("demo")) == 1

    @pytest.mark.parametrize(("mode", "left"), [("merge", ["甲二", "乙答案"]), ("replace", ["甲二"])])
    async def test_merge_keeps_other_questions_and_replace_does_not(
        self, catalogue: Catalogue, mode: Mode, left: list[str]
    ) -> None:
        await catalogue.publish("demo", upload(entry("甲", "甲一"), entry("乙", "乙答案", 3)))
        changes = await catalogue.publish("demo", upload(entry("甲", "甲二"), original=b"new"), mode)
        assert texts(await catalogue.passages("demo")) == left
        assert (changes.changed, changes.removed, changes.kept) == (1, 2 - len(left), len(left) - 1)

    async def test_other_files_are_left_alone(self, catalogue: Catalogue) -> None:
        await catalogue.publish("demo", upload(entry("甲", "甲答案", file="a.csv"), file="a.csv"))
        await catalogue.publish("demo", upload(entry("乙", "乙答案", file="b.csv"), file="b.csv"), "replace")
        assert texts(await catalogue.passages("demo")) == ["甲答案", "乙答案"]

    async def test_a_row_that_moved_is_unchanged_and_cited_where_it_stands_now(self, catalogue: Catalogue) -> None:
        await catalogue.publish("demo", upload(entry("甲", "甲答案", 2)))
        changes = await catalogue.publish("demo", upload(entry("新", "新答案", 2), entry("甲", "甲答案", 3)))
        assert (changes.added, changes.changed, changes.unchanged, changes.removed) == (1, 0, 1, 0)
        assert [each.source for each in await catalogue.passages("demo")] == ["faq.csv#2", "faq.csv#3"]
        assert [each.source for each in await catalogue.passages("demo", 1)] == ["faq.csv#2"]

    async def test_a_question_switched_off_goes(self, catalogue: Catalogue) -> None:
        await catalogue.publish("demo", upload(entry("甲", "甲答案"), entry("乙", "乙答案", 3)))
        changes = await catalogue.publish("demo", upload(entry("乙", "乙答案", 3), off=("甲",)))
        assert (changes.removed, texts(await catalogue.passages("demo"))) == (1, ["乙答案"])

    async def test_a_document_given_again_is_only_its_new_text(self, catalogue: Catalogue) -> None:
        await catalogue.publish("demo", upload(stretch("七天可退。"), stretch("旧的一段。", 2), file="rules.md"))
        changes = await catalogue.publish("demo", upload(stretch("十五天可退。"), file="rules.md"))
        assert texts(await catalogue.passages("demo")) == ["十五天可退。"]
        assert (changes.changed, changes.removed) == (1, 1)

    async def test_rows_first_read_as_text_give_way_to_entries(self, catalogue: Catalogue) -> None:
        await catalogue.publish("demo", upload(stretch("客户说：甲", file="faq.csv")))
        await catalogue.publish("demo", upload(entry("甲", "甲答案")))
        assert texts(await catalogue.passages("demo")) == ["甲答案"]

    async def test_every_version_can_be_read_and_put_back(self, catalogue: Catalogue) -> None:
        await catalogue.publish("demo", upload(entry("甲", "一"), entry("乙", "乙答案", 3)))
        await catalogue.publish("demo", upload(entry("甲", "二")), "replace")
        await catalogue.publish("demo", upload(entry("甲", "三")), "replace")
        assert [texts(await catalogue.passages("demo", n)) for n in (1, 2, 3)] == [["一", "乙答案"], ["二"], ["三"]]
        changes = await catalogue.rollback("demo", 1)
        assert (changes.version, texts(await catalogue.passages("demo"))) == (4, ["一", "乙答案"])
        assert (await catalogue.rollback("demo", 1)).version == 4
        assert [(each.number, each.what, each.passages) for each in await catalogue.versions("demo")] == [
            (4, "rollback 1", 2),
            (3, "import faq.csv", 1),
            (2, "import faq.csv", 1),
            (1, "import faq.csv", 2),
        ]

    async def test_a_preview_tells_the_same_and_writes_nothing(self, catalogue: Catalogue) -> None:
        await catalogue.publish("demo", upload(entry("甲", "一")))
        given = upload(entry("甲", "二"), entry("乙", "乙答案", 3))
        told = await catalogue.preview("demo", given)
        assert (await catalogue.version("demo"), texts(await catalogue.passages("demo"))) == (1, ["一"])
        done = await catalogue.publish("demo", given)
        assert (told.added, told.changed, told.unchanged) == (done.added, done.changed, done.unchanged) == (1, 1, 0)

    async def test_the_original_is_kept_byte_for_byte_with_its_repairs(self, catalogue: Catalogue) -> None:
        raw = bytes(range(256))
        repairs = [{"place": "faq.csv#2", "at": 0, "line": 1, "what": "拼音残留", "before": "(yè)", "after": ""}]
        await catalogue.publish("demo", Upload("faq.csv", raw, [entry("甲", "甲答案")], repairs=repairs))
        (source,) = await catalogue.sources("demo")
        assert await catalogue.original("demo", "faq.csv") == raw
        assert (source.size, source.passages, source.version, source.repairs) == (256, 1, 1, tuple(repairs))
        assert await catalogue.original("demo", "other.csv") is None

    async def test_the_same_bytes_are_kept_once_whatever_came_between(self, catalogue: Catalogue) -> None:
        given = upload(entry("甲", "甲答案"))
        await catalogue.publish("demo", given)
        await catalogue.publish("demo", upload(entry("乙", "乙答案", file="b.csv"), file="b.csv"))
        await catalogue.publish("demo", given)
        assert [(each.file, each.version) for each in await catalogue.sources("demo")] == [("b.csv", 2), ("faq.csv", 1)]

    async def test_edits_by_hand_are_versions_too(self, catalogue: Catalogue) -> None:
        old = entry("甲", "甲答案")
        await catalogue.publish("demo", upload(old))
        new = entry("丁", "丁答案", 1, "手工添加")
        await catalogue.edit("demo", [new], [old.id, "unknown"], "edit 丁")
        assert texts(await catalogue.passages("demo")) == ["丁答案"]
        assert (await catalogue.edit("demo", [new], [], "edit 丁")).version == 2

    async def test_shops_do_not_see_each_other(self, catalogue: Catalogue) -> None:
        await catalogue.publish("one", upload(entry("甲", "一")))
        await catalogue.publish("two", upload(entry("甲", "二")))
        assert (texts(await catalogue.passages("one")), texts(await catalogue.passages("two"))) == (["一"], ["二"])
        assert await catalogue.shops() == ["one", "two"]

    async def test_what_does_not_exist_is_said_so(self, catalogue: Catalogue) -> None:
        assert await catalogue.version("nobody") == 0
        with pytest.raises(NoSuchShop):
            await catalogue.passages("nobody")
        with pytest.raises(NoSuchShop):
            await catalogue.rollback("nobody", 1)
        await catalogue.publish("demo", upload(entry("甲", "一")))
        with pytest.raises(NoSuchVersion, match="现有版本：1"):
            await catalogue.rollback("demo", 7)
        with pytest.raises(NoSuchVersion):
            await catalogue.passages("demo", 7)
        with pytest.raises(BadShopName):
            await catalogue.publish("../etc", upload(entry("甲", "一")))

    async def test_two_writers_at_once_make_two_whole_versions(self, catalogue: Catalogue, url: str) -> None:
        engine = open_engine(url)
        second = Catalogue(engine)
        await asyncio.gather(catalogue.open(), second.open())
        files = [f"f{number}.csv" for number in range(8)]
        await asyncio.gather(
            *(
                (catalogue, second)[number % 2].publish("demo", upload(entry("甲", file, file=file), file=file))
                for number, file in enumerate(files)
            )
        )
        assert sorted(texts(await catalogue.passages("demo"))) == files
        assert [each.number for each in await second.versions("demo")] == list(range(8, 0, -1))
        await engine.dispose()


class TestOnSqlite(CatalogueContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/shop.db"


@pytest.mark.postgres
class TestOnPostgres(CatalogueContract):
    @pytest.fixture
    async def url(self) -> AsyncIterator[str]:
        async with fresh_database() as url:
            yield url


IMPORTER = """
import asyncio, sys
from knowledge.catalogue import Catalogue, Upload
from knowledge.database import open_engine
from knowledge.types import Passage, identified

async def main(url, rounds):
    catalogue = Catalogue(open_engine(url))
    await catalogue.open()
    print("ready", flush=True)
    for n in range(rounds):
        rows = [identified(Passage("", "faq", f"{n}", f"faq.csv#{line}", f"q{line}")) for line in range(400)]
        await catalogue.publish("demo", Upload("faq.csv", str(n).encode(), rows), "replace")
        print(n, flush=True)

asyncio.run(main(sys.argv[1], 1000))
"""


def killed(url: str, after: int) -> int:
    """Runs the importer, kills it after it acknowledged some imports, and returns the last one acknowledged."""
    worker = subprocess.Popen([sys.executable, "-c", IMPORTER, url], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    said = [worker.stdout.readline() for _ in range(after + 1)]
    os.kill(worker.pid, signal.SIGKILL)
    said += worker.stdout.read().split("\n")
    worker.wait()
    return int([line for line in said if line.strip().isdigit()][-1])


async def state(url: str) -> tuple[int, set[str], int]:
    """How many passages there are, which imports they are from, and how many the newest version promises."""
    engine = open_engine(url)
    catalogue = Catalogue(engine)
    passages, versions = await catalogue.passages("demo"), await catalogue.versions("demo")
    await engine.dispose()
    return len(passages), {passage.text for passage in passages}, versions[0].passages


@pytest.mark.parametrize("after", range(1, 6))
def test_an_import_killed_at_any_moment_leaves_one_whole_version(tmp_path: Path, after: int) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    acknowledged = killed(url, after)
    count, imports, promised = asyncio.run(state(url))
    assert (count, promised) == (400, 400)
    assert imports in ({str(acknowledged)}, {str(acknowledged + 1)})

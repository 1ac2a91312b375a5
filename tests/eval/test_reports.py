"""What people see of a run: the page in a browser, the workbook, JUnit, a comparison, the gate with its floors."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import orjson
import pytest
from openpyxl import load_workbook
from playwright.async_api import async_playwright

from eval import report
from eval.__main__ import main
from eval.compare import compared
from eval.gate import judged
from eval.html import comparison_page, page
from eval.junit import junit
from eval.runfile import Run, read_run

CHROMIUM = shutil.which("chromium")
NASTY = "<script>document.title='owned'</script>]]>\x0b&"


def line(n: int, /, *, right: bool = True, **more: Any) -> dict[str, Any]:
    """One answer as a run file holds it."""
    return {
        "id": f"c{n}",
        "key": f"c{n}|0|",
        "n": n,
        "trial": 0,
        "variant": "",
        "turns": [f"第{n}个问题"],
        "tags": ["尺码" if n % 2 else "价保", "方言"],
        "right": right,
        "broken": "",
        "action": "answer",
        "reason": None,
        "text": f"回答{n}",
        "cites": ["faq.csv#2"],
        "quotes": [{"id": "p", "source": "faq.csv#2", "title": "多久发货", "quote": "48小时内发出"}],
        "confidence": 0.7,
        "expected": {"action": ["answer"], "facts": ["48小时"]},
        "group": f"g{n}",
        "scores": {"facts": {"value": float(right), "because": "没有说到"}, "source": {"value": None, "because": "–"}},
        "trace": {"meaning": {"answered": []}, "passages": [], "stopped": [], "faults": []},
        "weight": 1.0,
        "ms": 2.0,
        **more,
    }


def run_of(folder: Path, lines: list[dict[str, Any]], name: str = "run", **head: Any) -> Path:
    """A run file with these answers."""
    file = folder / f"{name}.jsonl"
    first = {"kind": "head", "tasks": len(lines), "shop": "demo", "clock": "2026-11-22T15:00:00+08:00", **head}
    file.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in (first, *lines)))
    return file


def some(folder: Path) -> Run:
    """A run with a few wrong answers, one of them hostile."""
    lines = [line(n, right=n % 5 != 0) for n in range(40)]
    lines[10] = line(10, right=False, text=NASTY, turns=[NASTY], tags=["价保", "攻击"])
    lines[11] = line(11, right=False, broken="model: timeout")
    return read_run(run_of(folder, lines))


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize(("width", "height"), [(1366, 900), (390, 844)])
async def test_the_page_in_a_browser(width: int, height: int, tmp_path: Path) -> None:
    file = tmp_path / "run.html"
    file.write_text(page(some(tmp_path)), "utf-8")
    assert not re.search(r"""(?:src|href)=["'](?!#)""", file.read_text("utf-8")), "nothing is fetched"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        tab = await browser.new_page(viewport={"width": width, "height": height})
        trouble: list[str] = []
        tab.on("pageerror", lambda error: trouble.append(str(error)))
        tab.on("console", lambda said: trouble.append(said.text) if said.type in ("error", "warning") else None)
        await tab.goto(file.as_uri())
        assert await tab.title() == "答得准不准"
        assert await tab.evaluate("document.documentElement.scrollWidth") == width
        cards = tab.locator("article.fail:visible")
        assert await cards.count() == 9
        hostile = tab.locator("article.fail", has_text="owned")
        assert await hostile.count() == 1
        shown = await cards.first.inner_text()
        for part in ("第0个问题", "回答0", "没有说到", "48小时", "faq.csv#2", "48小时内发出"):
            assert part in shown
        await tab.get_by_role("button", name=re.compile("^攻击")).click()
        assert await cards.count() == 1
        assert await tab.locator("#count").inner_text() == "1"
        await tab.get_by_role("button", name=re.compile("^全部")).click()
        await tab.get_by_role("searchbox").fill("回答15")
        assert await cards.count() == 1
        await tab.get_by_role("searchbox").fill("没有这样的话")
        assert await tab.get_by_text("没有符合的").is_visible()
        assert trouble == []
        await browser.close()


def test_junit_counts_wrong_answers_and_those_that_never_came(tmp_path: Path) -> None:
    tree = ElementTree.fromstring(junit(some(tmp_path)))
    assert tree.attrib | {"time": ""} == {"tests": "40", "failures": "8", "errors": "1", "time": ""}
    assert {suite.attrib["name"] for suite in tree} == {"尺码", "价保"}
    assert len(tree.findall(".//failure")) == 8
    assert "没有说到" in tree.find(".//failure").attrib["message"]  # type: ignore[union-attr]


def test_the_workbook_has_the_number_and_every_wrong_answer(tmp_path: Path) -> None:
    assert (
        main(
            [
                "show",
                str(run_of(tmp_path, [dict(x) for x in some(tmp_path).lines], "again")),
                "--xlsx",
                str(tmp_path / "b.xlsx"),
            ]
        )
        == 0
    )
    book = load_workbook(tmp_path / "b.xlsx")
    overview = {row[0].value: row[1].value for row in book["总览"].iter_rows(min_row=2)}
    assert overview["准确率"] == pytest.approx(31 / 39, abs=1e-4)
    wrong = list(book["答错的"].iter_rows(min_row=2, values_only=True))
    assert len(wrong) == 8
    assert any("owned" in str(row[2]) for row in wrong)
    assert [row[0] for row in book["按意图"].iter_rows(min_row=2, values_only=True)] == ["尺码", "价保"]


def test_a_comparison_says_which_answers_got_worse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = run_of(tmp_path, [line(n, right=n % 10 != 0) for n in range(200)], "a", digests={"prompts": "1"})
    after = run_of(
        tmp_path, [line(n, right=n % 3 != 0, text=f"新回答{n}") for n in range(200)], "b", digests={"prompts": "2"}
    )
    assert main(["compare", str(before), str(after)]) == 1, "significantly worse"
    told = capsys.readouterr().out
    assert "结论：变差了" in told
    assert "提示词" in told
    assert "A answer：回答3\n    B answer：新回答3" in told
    assert main(["compare", str(after), str(before)]) == 0
    assert "结论：变好了" in capsys.readouterr().out
    assert main(["compare", str(before), str(before)]) == 0
    assert "结论：打平" in capsys.readouterr().out

    assert main(["compare", str(before), str(after), "--json"]) == 1
    found = orjson.loads(capsys.readouterr().out)
    assert found["verdict"] == "worse"
    assert found["all"]["worse"] == len(found["worse"]) == 60
    assert found["all"]["better"] == len(found["better"]) == 13
    assert found["all"]["change"] == pytest.approx(-47 / 200)
    assert found["differs"] == ["prompts"]
    assert found["tags"]["方言"]["significant"]
    shown = comparison_page(compared(read_run(before), read_run(after)), read_run(before), read_run(after))
    assert "新回答3" in shown
    assert "变差" in shown


def test_a_comparison_leaves_out_what_only_one_run_has_and_what_never_came(tmp_path: Path) -> None:
    before = [line(n) for n in range(20)]
    after = [line(n) for n in range(5, 25)]
    after[0] = line(5, right=False, broken="model: refused")
    found = compared(read_run(run_of(tmp_path, before, "a")), read_run(run_of(tmp_path, after, "b")))
    assert found.all.cases == 14
    assert found.only_after == tuple(f"c{n}" for n in range(20, 25))
    assert found.all.verdict == "tie"


@pytest.mark.parametrize(
    ("wrong", "verdict"), [pytest.param(1, "OK"), pytest.param(2, "OKISH"), pytest.param(4, "FAIL")]
)
def test_no_intent_may_fall_below_its_floor(wrong: int, verdict: str, tmp_path: Path) -> None:
    expected = tmp_path / "expected.yaml"
    expected.write_text("each_intent: {accuracy: 0.8, tolerance: 0.15, cases: 5}", "utf-8")
    lines = [line(n, tags=["发票"], right=n >= wrong) for n in range(6)] + [line(9, tags=["极端"], right=False)]
    file = run_of(tmp_path, lines)
    (promise,) = judged(report.summary(read_run(file).lines), expected)
    assert (promise.verdict, promise.of) == (verdict, 6), "an intent with too few questions is not held to it"
    assert main(["gate", str(file), "--expected", str(expected)]) == int(verdict == "FAIL")


def test_a_run_that_was_not_finished_passes_no_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = run_of(tmp_path, [line(n) for n in range(5)], tasks=9)
    assert main(["gate", str(file)]) == 1
    assert "没有跑完（5/9）" in capsys.readouterr().out


def test_stability_and_trials_stand_beside_accuracy(tmp_path: Path) -> None:
    lines = [line(n, key=f"c{n}|{t}|", trial=t, n=2 * n + t, right=n != 0 or t == 0) for n in range(10) for t in (0, 1)]
    lines += [line(n, key=f"c{n}|0|typo", n=100 + n, variant="typo", right=n > 2) for n in range(10)]
    found = report.summary(read_run(run_of(tmp_path, lines)).lines)
    assert found["accuracy"] == 0.95
    assert found["pass_hat"] == [0.95, 0.9]
    assert found["stability"]["typo"]["stable"] == 0.7
    assert found["stability"]["typo"]["as_written"] == 1.0
    assert found["groups"] == 10


def test_questions_count_as_often_as_shoppers_ask_them(tmp_path: Path) -> None:
    """Refunds are asked more often than they are listed here: that they fail must weigh more."""
    lines = [line(n, tags=["尺码"]) for n in range(30)] + [
        line(90 + n, tags=["退款进度"], right=False) for n in range(10)
    ]
    found = report.summary(read_run(run_of(tmp_path, lines)).lines)
    assert found["accuracy"] == 0.75
    assert found["weighted"] == pytest.approx(13 / (13 + 31.09), abs=1e-3)

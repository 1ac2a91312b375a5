"""txt, Markdown, html, docx and pdf: headings, tables and visible text, each with its place; nothing hidden."""

from __future__ import annotations

import docx
import pytest
from docx.oxml import OxmlElement

from knowledge.errors import Unreadable
from knowledge.ingest import Prepared, prepare
from tests.knowledge.files import pdf, repacked, saved, word


def seen(prepared: Prepared) -> list[tuple[str, str, str, str]]:
    return [(each.kind, each.source, each.question, each.text) for each in prepared.upload.passages]


MARKDOWN = """---
title: 内部
---
# 售后政策

<!-- 不给顾客看的批注 -->
## 退货
签收次日起 **7 天**内可以退，详见[说明](https://shop.example/return)。

## 运费由谁承担？
质量问题我们承担，其他原因买家承担。

## 尺码
| 尺码 | 身高 |
| --- | --- |
| S | 155-160 |
| M | 160-165 |

## 常见问答
| 问题 | 答案 |
|---|---|
| 有发票吗 | 有电子发票 |
"""


def test_markdown_keeps_headings_tables_and_drops_its_signs() -> None:
    assert seen(prepare("f.md", MARKDOWN.encode())) == [
        ("text", "f.md#8", "售后政策 > 退货", "签收次日起 7 天内可以退，详见说明（https://shop.example/return）。"),
        ("faq", "f.md#10", "运费由谁承担？", "质量问题我们承担，其他原因买家承担。"),
        ("text", "f.md#16", "售后政策 > 尺码", "尺码：S；身高：155-160"),
        ("text", "f.md#17", "售后政策 > 尺码", "尺码：M；身高：160-165"),
        ("faq", "f.md#22", "有发票吗", "有电子发票"),
    ]


TEXT = """一、退货说明
签收次日起七天内，商品完好可以申请退货，运费按责任方承担，退回后两天内退款。
二、发货说明
下午四点前付款的订单当天发出，偏远地区顺延一天，节假日以公告为准，请您留意短信。
"""


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "utf-16"])
def test_plain_text_headings_are_told_by_their_numbers(charset: str) -> None:
    found = seen(prepare("f.txt", TEXT.encode(charset)))
    assert [each[:3] for each in found] == [
        ("text", "f.txt#2", "一、退货说明"),
        ("text", "f.txt#4", "二、发货说明"),
    ]


HTML = """<html><head><title>标题</title><style>p{color:red}</style><script>alert('脚本')</script></head><body>
<nav>首页 登录</nav><h1>配送</h1><p>全国包邮，<b>新疆</b>除外。<br>偏远地区另加 10 元。</p>
<p style="display: none">内部价 12 元</p><div hidden>也看不见</div><!-- 注释 -->
<table><tr><th>问题</th><th>答案</th></tr><tr><td>几天到</td><td>三到五天</td></tr></table>
<ul><li>顺丰</li><li>中通</li></ul></body></html>"""


def test_html_gives_what_a_visitor_sees() -> None:
    prepared = prepare("f.html", HTML.encode("gb18030"))
    assert seen(prepared) == [
        ("text", "f.html#¶2", "配送", "全国包邮，新疆除外。\n偏远地区另加 10 元。\n顺丰\n中通"),
        ("faq", "f.html#表1!2", "几天到", "三到五天"),
    ]
    assert "看不见" in prepared.warnings[0].problem


def test_word_headings_tables_and_questions() -> None:
    document = docx.Document()
    document.add_heading("售后", 1)
    document.add_paragraph("七天内可以退货。")
    document.add_heading("退货运费谁出？", 2)
    document.add_paragraph("质量问题我们出。")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("问题", "答案", "怎么开票", "联系客服开电子发票"), strict=True):
        cell.text = text
    document.add_paragraph("问：保修多久？")
    document.add_paragraph("答：整机保修一年。")
    assert seen(prepare("f.docx", saved(document))) == [
        ("text", "f.docx#¶2", "售后", "七天内可以退货。"),
        ("text", "f.docx#¶4", "售后 > 退货运费谁出？", "质量问题我们出。"),
        ("faq", "f.docx#¶5", "保修多久？", "整机保修一年。"),
        ("faq", "f.docx#表1!2", "怎么开票", "联系客服开电子发票"),
    ]


def test_what_word_hides_is_left_out_and_named() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("七天内可以退货。")
    hidden = paragraph.add_run("给熟客三十天。")
    hidden.font.hidden = True
    deleted = OxmlElement("w:del")
    run = OxmlElement("w:r")
    gone = OxmlElement("w:delText")
    gone.text = "删掉的话"
    run.append(gone)
    deleted.append(run)
    paragraph._p.append(deleted)
    document.add_comment(paragraph.runs[0], text="老板的批注", author="", initials="")
    prepared = prepare("f.docx", saved(document))
    assert [each.text for each in prepared.upload.passages] == ["七天内可以退货。"]
    assert [warning.problem[:5] for warning in prepared.warnings] == ["有 1 处", "文档里的批"]


def test_text_inserted_under_review_is_read() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("正文在前。")
    inserted = OxmlElement("w:ins")
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "补充一句。"
    run.append(text)
    inserted.append(run)
    paragraph._p.append(inserted)
    (passage,) = prepare("f.docx", saved(document)).upload.passages
    assert passage.text == "正文在前。补充一句。"


def test_pdf_text_carries_its_page_and_running_heads_go() -> None:
    pages = [
        [
            "店铺手册",
            f"第 {n} 章说明：签收之后请当面检查商品是否完好无损，如果发现",
            f"问题请在 {n}8 小时内联系客服并保留包装。",
            f"第 {n} 页",
        ]
        for n in range(1, 5)
    ]
    passages = prepare("f.pdf", pdf(pages)).upload.passages
    whole = "".join(each.text for each in passages)
    assert passages[0].source == "f.pdf#p1"
    assert {each.source for each in passages} <= {f"f.pdf#p{n}" for n in range(1, 5)}
    assert "如果发现问题请在 18 小时内联系客服" in whole
    assert "店铺手册" not in whole
    assert "第 2 页" not in whole


def test_a_page_without_text_is_named() -> None:
    prepared = prepare("f.pdf", pdf([["第一页有字，写着七天内可以退货。"], []]))
    assert [each.place for each in prepared.warnings] == ["f.pdf#p2"]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        pytest.param("scan.pdf", pdf([[], []]), "扫描件", id="a scan"),
        pytest.param("locked.pdf", pdf([["退货说明"]], encrypt="secret"), "密码", id="a locked pdf"),
        pytest.param("fake.pdf", b"MZ\x90\x00\x03\x00\x00\x00" * 50, "不是 PDF", id="a program called pdf"),
        pytest.param("cut.pdf", pdf([["退货说明"]])[:200], "", id="half a pdf"),
        pytest.param("empty.csv", b"", "空文件", id="an empty file"),
        pytest.param("blank.txt", b"  \n\n", "没有文字", id="only blanks"),
        pytest.param("tags.html", b"<html><body><script>x</script></body></html>", "没有", id="a page without text"),
        pytest.param("photo.txt", bytes(range(256)) * 8, "不是文字", id="a picture called txt"),
        pytest.param("book.csv", b"PK\x03\x04rest", "改对扩展名", id="a workbook called csv"),
        pytest.param("old.xls", b"\xd0\xcf\x11\xe0", ".xlsx", id="an old workbook"),
        pytest.param("locked.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 64, "密码", id="a locked workbook"),
        pytest.param("broken.xlsx", b"PK\x03\x04" + b"\0" * 64, "打不开", id="half a workbook"),
        pytest.param("page.xlsx", b"<html>", "另存为", id="a web page called xlsx"),
        pytest.param("broken.docx", b"PK\x03\x04" + b"\0" * 64, "打不开", id="half a document"),
        pytest.param("film.mp4", b"\0" * 10, "不能导入", id="an unknown extension"),
        pytest.param("noext", b"x", "不能导入", id="no extension"),
        pytest.param("none.csv", "问题,答案\n甲,\n,乙\n".encode(), "没有一行能用", id="no usable row"),
    ],
)
def test_what_cannot_be_knowledge_is_refused_by_name_in_one_line(name: str, data: bytes, says: str) -> None:
    with pytest.raises(Unreadable) as refused:
        prepare(name, data)
    line = str(refused.value)
    assert line.startswith(f"{name}：")
    assert says in line
    assert "\n" not in line


def test_broken_office_parts_are_refused_not_raised() -> None:
    data = repacked(word("退货说明"), {"word/document.xml": b"<w:document"})
    with pytest.raises(Unreadable, match=r"f\.docx："):
        prepare("f.docx", data)

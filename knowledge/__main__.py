"""`python -m knowledge import | search | export | lint | tune | terms | feedback`.

Results to stdout, progress to stderr, exits 0, 1 or 2.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.exc import SQLAlchemyError

from knowledge.catalogue import Catalogue
from knowledge.columns import FIELDS, parse_mapping
from knowledge.commands import add_commands
from knowledge.database import DatabaseUrlError, open_engine
from knowledge.errors import KnowledgeError
from knowledge.export import export
from knowledge.ingest import ingest
from knowledge.lint import lint
from knowledge.moments import SHANGHAI
from knowledge.types import Hit, IngestReport

if TYPE_CHECKING:
    from knowledge.embedding import Embedding


class Settings(BaseSettings):
    """The few settings knowledge needs; `python -m assistant doctor` explains them all."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", frozen=True, extra="ignore")

    DATA_DIR: Path = Path("data")
    DATABASE_URL: str = ""
    EMBEDDING_MODEL: str = ""
    OPENAI_BASE_URL: str = ""
    OPENAI_API_KEY: str = ""

    @property
    def database_url(self) -> str:
        return self.DATABASE_URL or f"sqlite:///{self.DATA_DIR / 'dianban.db'}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 the answer is no, 2 wrong use or bad input."""
    given = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], Awaitable[int]] = given.run
    try:
        return asyncio.run(_run(run, given))
    except (KnowledgeError, DatabaseUrlError) as error:
        return _refuse(str(error))
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        return _refuse(f"数据库用不了：{cause}；请检查 DATABASE_URL 和 DATA_DIR")
    except OSError as error:
        return _refuse(f"{error.filename or '数据库'}：{error.strerror or error}；请检查路径和权限")
    except KeyboardInterrupt:
        return _refuse("已中断；没有导入一半的内容")


async def _run(run: Callable[[argparse.Namespace], Awaitable[int]], given: argparse.Namespace) -> int:
    return await run(given)


async def _import(given: argparse.Namespace) -> int:
    pairs, files = _pairs_and_files(given.map, given.files)
    if not files:
        return _refuse("python -m knowledge import：缺少 FILE；用法见 python -m knowledge import --help")
    mapping = parse_mapping(pairs)
    async with _catalogue() as catalogue:
        _progress(f"正在读取 {len(files)} 个文件 …")
        reports = await ingest(catalogue, given.shop, files, dry_run=given.dry_run, mapping=mapping, mode=given.mode)
        if not given.dry_run and not given.no_tune and any(r.added or r.changed or r.removed for r in reports):
            await _tune(catalogue, given.shop)
    if given.json:
        _json([report.as_json() for report in reports] if len(reports) > 1 else reports[0].as_json())
    else:
        print("\n".join(line for report in reports for line in _told(report, given.dry_run)))
    return 0


async def _tune(catalogue: Catalogue, shop: str) -> None:
    """Fit the shop's scoring to what it now has, where its own questions show that it pays."""
    from knowledge.commands import tuning_lines
    from knowledge.openshop import worded_index
    from knowledge.tune import tuned

    embedding = _embedding()
    if not embedding.instant:
        return  # the service encodes with a slow model in the background, not the import
    found = tuned(await worded_index(catalogue, shop, embedding))
    before = await catalogue.own.tuning(shop, embedding.fingerprint)
    if found.pays or before is not None:
        await catalogue.own.tune(shop, embedding.fingerprint, found.best if found.pays else None)
    if found.rank is not None:
        _progress("\n".join(tuning_lines(found, applied=found.pays)))


async def _search(given: argparse.Namespace) -> int:
    # Imported here: the other commands must not wait for numpy and the embedding.
    from knowledge.openshop import retriever_of

    async with _catalogue() as catalogue:
        retriever = await retriever_of(catalogue, given.shop, _embedding())
    _progress(f"在 {len(retriever.index.passages)} 条知识里查找 …")
    hits = retriever.search(given.question, k=given.k, valid_on=given.now)
    if given.json:
        _json({"shop": given.shop, "question": given.question, "hits": [_hit(hit) for hit in hits]})
    else:
        lines = [f"{hit.score:.3f}  {hit.passage.source}  {_line(hit)}" for hit in hits]
        print("\n".join(lines) or "没有找到相关的知识")
    return 0


def _embedding() -> Embedding:
    from knowledge.embedding import open_embedding

    settings = Settings()
    key, base = settings.OPENAI_API_KEY or None, settings.OPENAI_BASE_URL or None
    return open_embedding(settings.EMBEDDING_MODEL or None, base_url=base, api_key=key)


async def _taught(given: argparse.Namespace) -> int:
    async with _catalogue() as catalogue:
        run: Callable[[argparse.Namespace, Catalogue, Embedding], Awaitable[int]] = given.run_on
        return await run(given, catalogue, _embedding())


async def _export(given: argparse.Namespace) -> int:
    async with _catalogue() as catalogue:
        count = await export(catalogue, given.shop, given.out)
    print(f"已导出 {count} 条到 {given.out}")
    return 0


async def _lint(given: argparse.Namespace) -> int:
    async with _catalogue() as catalogue:
        findings = await lint(catalogue, given.shop, now=given.now)
    errors = sum(finding.level == "error" for finding in findings)
    if given.json:
        warnings = len(findings) - errors
        shown = [finding.as_json() for finding in findings]
        _json({"shop": given.shop, "errors": errors, "warnings": warnings, "findings": shown})
    else:
        marks = {"error": "错误", "warning": "提醒"}
        print("\n".join(f"{marks[finding.level]}  {finding.problem}" for finding in findings) or "没有发现问题")
    return 1 if errors else 0


def _pairs_and_files(words: Sequence[str], files: Sequence[Path]) -> tuple[list[str], list[Path]]:
    """`--map 甲=question 乙=answer faq.csv`: what follows a pair and is none is a file."""
    pairs = [word for word in words if "=" in word and not Path(word).exists()]
    return pairs, [*(Path(word) for word in words if word not in pairs), *files]


@asynccontextmanager
async def _catalogue() -> AsyncIterator[Catalogue]:
    engine = open_engine(Settings().database_url)
    try:
        catalogue = Catalogue(engine)
        await catalogue.open()
        yield catalogue
    finally:
        await engine.dispose()


def _told(report: IngestReport, dry_run: bool) -> list[str]:
    verb = "将会" if dry_run else "已"
    counts = f"新增 {report.added}，更新 {report.changed}，未变 {report.unchanged}，移除 {report.removed}"
    lines = [f"{report.file}：读到 {report.rows} 行，{verb}{counts}；这个文件现有 {report.passages} 条知识"]
    lines += [f"  未导入  {problem.place}  {problem.problem}" for problem in report.rejected]
    lines += [f"  提醒  {problem.place}  {problem.problem}" for problem in report.warnings]
    return lines


def _hit(hit: Hit) -> dict[str, Any]:
    passage = hit.passage
    return {
        "id": passage.id,
        "kind": passage.kind,
        "source": passage.source,
        "question": passage.question,
        "text": passage.text,
        "score": round(hit.score, 4),
        "match": round(hit.match, 4),
        "confidence": round(hit.confidence, 4),
        "wording": hit.wording,
    }


def _line(hit: Hit) -> str:
    text = " ".join(hit.passage.text.split())
    return f"{hit.passage.question}  {text[:60]}{'…' if len(text) > 60 else ''}".strip()


def _json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False))


def _progress(line: str) -> None:
    print(line, file=sys.stderr)


def _refuse(line: str) -> int:
    print(" ".join(line.split()), file=sys.stderr)
    return 2


class _Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line in Chinese."""

    def error(self, message: str) -> NoReturn:
        said = message
        for pattern, instead in (
            (r"the following arguments are required: (.+)", r"缺少 \1"),
            (r"unrecognized arguments: (.+)", r"不认识的参数 \1"),
            (r"argument (\S+): invalid choice: (\S+) \(choose from (.+)\)", r"\1 不能是 \2，可用 \3"),
            (r"argument (\S+): expected one argument", r"\1 后面少了值"),
            (r"argument (\S+): invalid .+ value: (.+)", r"\1 的值 \2 无法识别"),
            (r"argument (\S+): (.+)", r"\1：\2"),
        ):
            said, done = re.subn(pattern, instead, said)
            if done:
                break
        raise SystemExit(_refuse(f"{self.prog}：{said}；用法见 {self.prog} --help"))


def _moment(written: str) -> datetime:
    moment = datetime.fromisoformat(written)
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _count(written: str) -> int:
    number = int(written)
    if not 1 <= number <= 100:
        raise ValueError
    return number


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m knowledge", description="店铺知识：导入、查找、导出、检查、调整")
    names = "import|search|export|lint|tune|terms|feedback"
    commands = parser.add_subparsers(required=True, metavar=names, dest="command")
    add_commands(commands)
    parser.set_defaults(run=_taught)

    add = commands.add_parser("import", help="导入文件", description="把文件导入店铺知识；同一个文件再导一次不会有变化")
    add.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help=".csv .xlsx .jsonl .json .md .txt .html .docx .pdf .zip"
    )
    add.add_argument("--dry-run", action="store_true", help="只报告会发生什么，不写入")
    add.add_argument(
        "--map",
        action="extend",
        nargs="+",
        default=[],
        metavar="列名=field",
        help=f"指定列的含义，可写多个；field 可用 {' '.join(FIELDS)}",
    )
    add.add_argument(
        "--mode",
        choices=("merge", "replace"),
        default="merge",
        help="merge（默认）：更新文件里有的问题，其余保留；replace：这个文件的知识只剩文件里的这些",
    )
    add.add_argument("--no-tune", action="store_true", help="导入后不按相似问调整检索")
    add.set_defaults(run=_import)

    find = commands.add_parser("search", help="查找知识", description="按相关程度列出知识和得分")
    find.add_argument("question", metavar="问题")
    find.add_argument("--k", type=_count, default=5, help="列出几条（1 到 100，默认 5）")
    find.add_argument("--now", type=_moment, default=None, metavar="ISO", help="按哪个时刻的有效期查找，默认现在")
    find.set_defaults(run=_search)

    out = commands.add_parser("export", help="导出知识", description="导出的文件再导入，知识不变")
    out.add_argument("--out", type=Path, required=True, metavar="FILE", help=".csv .xlsx 或 .jsonl")
    out.set_defaults(run=_export)

    check = commands.add_parser("lint", help="检查知识", description="重复、矛盾、缺口、过期；有错误时以 1 退出")
    check.add_argument("--now", type=_moment, default=None, metavar="ISO", help="按哪个时刻检查，默认现在")
    check.set_defaults(run=_lint)

    for command in (add, find, out, check):
        command.add_argument("--shop", required=True, metavar="S", help="店铺名")
        if command is not out:
            command.add_argument("--json", action="store_true", help="输出一个 JSON 文档")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())

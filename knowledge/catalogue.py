"""What a shop knows, version by version: files as they were given, and the passages made from them.

A passage row says from which version it holds (`since`) and in which it no longer does (`until`), so a version is a
moment, an import writes only what changed, and going back is one more version. Every change is one transaction: a
killed import leaves the version before it, whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from knowledge.changes import Plan, Stored, plan_for
from knowledge.database import reading
from knowledge.errors import BadShopName, NoSuchShop, NoSuchVersion
from knowledge.own import Own, stand
from knowledge.tables import META, PASSAGES, SHOPS, SOURCES, VERSIONS, passage_of, row_of
from knowledge.types import Passage, Source, Version, file_of

Mode = Literal["merge", "replace"]

_SHOP_NAME = re.compile(r"[\w.-]{1,64}")
_CHUNK = 500
_CREATING = 0x6B6E6F77
"""Number of the PostgreSQL lock under which tables are created."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in, read and checked."""

    file: str
    original: bytes
    passages: Sequence[Passage]
    withdrawn: frozenset[tuple[str, str]] = frozenset()
    """(file, folded question) the merchant switched off in it."""
    repairs: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What a publication did, or would do."""

    version: int
    """The version it made; the one in force where nothing changed."""
    added: int
    changed: int
    unchanged: int
    removed: int
    kept: int
    """Passages of the file that stay although the file no longer has them (`merge`)."""
    passages: int
    """Passages of the file in use afterwards."""


class Catalogue:
    """The shops' knowledge in one database. Open it once; every method is one transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.own = Own(engine)

    async def stand(self) -> tuple[int, int, int]:
        """Numbers that change whenever anything of any shop does."""
        return await stand(self._engine)

    async def numbers(self) -> dict[str, int]:
        """The version in force of every shop that has knowledge."""
        async with reading(self._engine).connect() as connection:
            found = await connection.execute(select(SHOPS.c.shop, SHOPS.c.version).order_by(SHOPS.c.shop))
            return {shop: int(version) for shop, version in found if version}

    async def open(self) -> None:
        """Creates what tables are missing. Several processes may do so at once."""
        async with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(select(func.pg_advisory_xact_lock(_CREATING)))
            await connection.run_sync(META.create_all)

    async def publish(self, shop: str, upload: Upload, mode: Mode = "merge") -> Changes:
        """Makes `upload` part of the shop's knowledge as one new version, or changes nothing at all.

        Per file: `replace` leaves exactly the rows of the upload; `merge` leaves other questions as they are. The
        stretches of a document always become those of the upload, since half of an old text would contradict it.
        """
        if not _SHOP_NAME.fullmatch(shop):
            raise BadShopName(shop=shop)
        async with self._engine.begin() as connection:
            current = await self._claim(connection, shop)
            plan = await _plan(connection, shop, upload, mode)
            version = current + 1 if plan.has_changes else current
            if plan.has_changes:
                await _write(connection, shop, version, plan, f"import {upload.file}")
            await _keep_original(connection, shop, max(version, 1), upload)
            return _changes(version, plan)

    async def preview(self, shop: str, upload: Upload, mode: Mode = "merge") -> Changes:
        """What `publish` would do. Writes nothing."""
        async with reading(self._engine).connect() as connection:
            current = await _version(connection, shop) or 0
            plan = await _plan(connection, shop, upload, mode)
            return _changes(current, plan)

    async def edit(self, shop: str, put: Sequence[Passage], drop: Sequence[str], what: str) -> Changes:
        """Adds or moves the passages `put` and takes out those with the ids `drop`, as one new version."""
        if not _SHOP_NAME.fullmatch(shop):
            raise BadShopName(shop=shop)
        async with self._engine.begin() as connection:
            current = await self._claim(connection, shop)
            in_use = {row.id: row for row in await _stored(connection, shop, None)}
            last = max((row.position for row in in_use.values()), default=-1)
            new = [passage for passage in put if passage.id not in in_use]
            placed = [(last + number, passage) for number, passage in enumerate(new, 1)]
            dropped = [in_use[each] for each in dict.fromkeys(drop) if each in in_use]
            plan = Plan(tuple(placed), tuple(dropped), added=len(new), removed=len(dropped))
            version = current + 1 if plan.has_changes else current
            if plan.has_changes:
                await _write(connection, shop, version, plan, what)
            return _changes(version, plan)

    async def rollback(self, shop: str, version: int) -> Changes:
        """Puts the knowledge back as it was in `version`, as one new version. Raises `NoSuchVersion`."""
        async with self._engine.begin() as connection:
            current = await self._claim(connection, shop, create=False)
            known = await _numbers(connection, shop)
            if version not in known:
                raise NoSuchVersion(shop=shop, version=version, known="、".join(map(str, known)) or "没有")
            now = {(row.id, row.source): row for row in await _stored(connection, shop, None)}
            then = await _rows(connection, shop, version)
            missing = tuple((row.position, passage_of(row)) for row in then if (row.id, row.source) not in now)
            wanted = {(row.id, row.source) for row in then}
            spare = tuple(row for key, row in now.items() if key not in wanted)
            plan = Plan(missing, spare, added=len(missing), removed=len(spare), unchanged=len(now) - len(spare))
            if not plan.has_changes:
                return _changes(current, plan)
            await _write(connection, shop, current + 1, plan, f"rollback {version}")
            return _changes(current + 1, plan)

    async def passages(self, shop: str, version: int | None = None) -> list[Passage]:
        """The passages of a version (None: the one in force), in the order of their files. Raises `NoSuchShop`."""
        async with reading(self._engine).connect() as connection:
            current = await _version(connection, shop)
            if current is None:
                raise NoSuchShop(shop=shop)
            if version is not None and version not in (known := await _numbers(connection, shop)):
                raise NoSuchVersion(shop=shop, version=version, known="、".join(map(str, known)))
            return [passage_of(row) for row in await _rows(connection, shop, current if version is None else version)]

    async def version(self, shop: str) -> int:
        """The number of the version in force; 0 for a shop that has none yet. Cheap: ask it before each use."""
        async with reading(self._engine).connect() as connection:
            return await _version(connection, shop) or 0

    async def versions(self, shop: str) -> list[Version]:
        """Every version, newest first."""
        query = select(VERSIONS).where(VERSIONS.c.shop == shop).order_by(VERSIONS.c.version.desc())
        async with reading(self._engine).connect() as connection:
            return [
                Version(
                    row.version,
                    datetime.fromisoformat(row.at),
                    row.what,
                    row.added,
                    row.changed,
                    row.removed,
                    row.passages,
                )
                for row in await connection.execute(query)
            ]

    async def shops(self) -> list[str]:
        """Every shop that has knowledge, by name."""
        async with reading(self._engine).connect() as connection:
            return list((await connection.execute(select(SHOPS.c.shop).order_by(SHOPS.c.shop))).scalars())

    async def sources(self, shop: str) -> list[Source]:
        """The shop's files as last given, in order of their names."""
        newest = (
            select(SOURCES.c.file, func.max(SOURCES.c.version).label("version"))
            .where(SOURCES.c.shop == shop)
            .group_by(SOURCES.c.file)
            .subquery()
        )
        wanted = [column for column in SOURCES.c if column.name != "original"]
        query = (
            select(*wanted)
            .join(newest, and_(SOURCES.c.file == newest.c.file, SOURCES.c.version == newest.c.version))
            .where(SOURCES.c.shop == shop)
            .order_by(SOURCES.c.file)
        )
        counted = (
            select(PASSAGES.c.file, func.count())
            .where(PASSAGES.c.shop == shop, PASSAGES.c.until.is_(None))
            .group_by(PASSAGES.c.file)
        )
        async with reading(self._engine).connect() as connection:
            counts = {str(row[0]): int(row[1]) for row in await connection.execute(counted)}
            return [
                Source(
                    row.file,
                    row.digest,
                    row.size,
                    datetime.fromisoformat(row.at),
                    row.version,
                    sum(n for file, n in counts.items() if file == row.file or file.startswith(f"{row.file}/")),
                    tuple(row.repairs),
                )
                for row in await connection.execute(query)
            ]

    async def original(self, shop: str, file: str) -> bytes | None:
        """The bytes of `file` as last given, or None if the shop never gave it."""
        query = (
            select(SOURCES.c.original)
            .where(SOURCES.c.shop == shop, SOURCES.c.file == file)
            .order_by(SOURCES.c.version.desc())
            .limit(1)
        )
        async with reading(self._engine).connect() as connection:
            found = (await connection.execute(query)).scalar()
            return bytes(found) if found is not None else None

    async def _claim(self, connection: AsyncConnection, shop: str, *, create: bool = True) -> int:
        """The version in force, with the shop's row locked until the end of the transaction."""
        if create:
            dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
            await connection.execute(dialect.insert(SHOPS).values(shop=shop, version=0).on_conflict_do_nothing())
        query = select(SHOPS.c.version).where(SHOPS.c.shop == shop).with_for_update()
        version = (await connection.execute(query)).scalar()
        if version is None:
            raise NoSuchShop(shop=shop)
        return int(version)


async def _plan(connection: AsyncConnection, shop: str, upload: Upload, mode: Mode) -> Plan:
    stored = await _stored(connection, shop, _scope(upload))
    return plan_for(upload.file, stored, upload.passages, upload.withdrawn, mode)


def _scope(upload: Upload) -> set[str]:
    """The files an upload speaks for: itself, the files inside it, and those its rows say they come from."""
    named = (file_of(passage.source) for passage in upload.passages)
    return {upload.file, *named, *(file for file, _ in upload.withdrawn)}


async def _version(connection: AsyncConnection, shop: str) -> int | None:
    found = (await connection.execute(select(SHOPS.c.version).where(SHOPS.c.shop == shop))).scalar()
    return None if found is None else int(found)


async def _numbers(connection: AsyncConnection, shop: str) -> list[int]:
    query = select(VERSIONS.c.version).where(VERSIONS.c.shop == shop).order_by(VERSIONS.c.version)
    return [int(number) for number in (await connection.execute(query)).scalars()]


async def _stored(connection: AsyncConnection, shop: str, files: set[str] | None) -> list[Stored]:
    """What is in use of `files` and of archives by these names; of every file when None."""
    columns = PASSAGES.c
    query = (
        select(columns.id, columns.file, columns.position, columns.source, columns.kind, columns.question)
        .where(columns.shop == shop, columns.until.is_(None))
        .order_by(columns.file, columns.position)
    )
    rows = (await connection.execute(query)).all()
    return [
        Stored(row.id, row.file, row.position, row.source, row.kind, row.question)
        for row in rows
        if files is None or row.file in files or any(row.file.startswith(f"{file}/") for file in files)
    ]


async def _rows(connection: AsyncConnection, shop: str, version: int) -> Sequence[Any]:
    columns = PASSAGES.c
    query = (
        select(PASSAGES)
        .where(columns.shop == shop, columns.since <= version, or_(columns.until.is_(None), columns.until > version))
        .order_by(columns.file, columns.position, columns.id)
    )
    return (await connection.execute(query)).all()


async def _write(connection: AsyncConnection, shop: str, version: int, plan: Plan, what: str) -> None:
    columns = PASSAGES.c
    leaving = [row.id for row in plan.leaving]
    for at in range(0, len(leaving), _CHUNK):
        await connection.execute(
            update(PASSAGES)
            .where(columns.shop == shop, columns.until.is_(None), columns.id.in_(leaving[at : at + _CHUNK]))
            .values(until=version)
        )
    if plan.coming:
        await connection.execute(
            insert(PASSAGES), [row_of(shop, version, position, passage) for position, passage in plan.coming]
        )
    query = select(func.count()).select_from(PASSAGES).where(columns.shop == shop, columns.until.is_(None))
    in_use = (await connection.execute(query)).scalar_one()
    await connection.execute(
        insert(VERSIONS).values(
            shop=shop,
            version=version,
            at=_now(),
            what=what,
            added=plan.added,
            changed=plan.changed,
            removed=plan.removed,
            passages=in_use,
        )
    )
    await connection.execute(update(SHOPS).where(SHOPS.c.shop == shop).values(version=version))


async def _keep_original(connection: AsyncConnection, shop: str, version: int, upload: Upload) -> None:
    """Keeps the bytes unless they are those kept last; two states of a file in one version: the later one."""
    digest = hashlib.sha256(upload.original).hexdigest()
    columns = SOURCES.c
    mine = and_(columns.shop == shop, columns.file == upload.file)
    newest = select(columns.digest, columns.version).where(mine).order_by(columns.version.desc()).limit(1)
    last = (await connection.execute(newest)).first()
    if last is not None and last.digest == digest:
        return
    values = {
        "digest": digest,
        "size": len(upload.original),
        "at": _now(),
        "repairs": list(upload.repairs),
        "original": upload.original,
    }
    if last is not None and last.version == version:
        await connection.execute(update(SOURCES).where(mine, columns.version == version).values(values))
    else:
        await connection.execute(insert(SOURCES).values(shop=shop, file=upload.file, version=version, **values))


def _changes(version: int, plan: Plan) -> Changes:
    return Changes(version, plan.added, plan.changed, plan.unchanged, plan.removed, plan.kept, plan.passages)


def _now() -> str:
    return datetime.now(UTC).isoformat()

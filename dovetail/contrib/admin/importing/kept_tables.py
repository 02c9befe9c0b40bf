"""Store the table of a file while its user plans the import: encrypted, and for an hour at most.

The file itself is not stored. The site's SECRET_KEY is part of the key, so that the database alone reveals nothing.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from anyio.to_thread import run_sync
from pydantic import SecretStr
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException

from dovetail.contrib.admin.importing.files.sheet import Cell, Sheet
from dovetail.contrib.admin.models import ImportedTable
from dovetail.contrib.admin.signatures.sealing import fernet_for
from dovetail.database.bulk import NO_SYNCHRONIZATION

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

LIFETIME = timedelta(hours=1)
MOST = 3  # tables of one user; the oldest is deleted
SHOWN = 5  # rows


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The first rows of a stored table, from a file with this `name`."""

    key: int
    name: str
    note: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    count: int


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The user and the view that tables belong to, and the secrets with which they are encrypted."""

    user_id: int
    view: str
    secret_key: SecretStr

    def seal(self, value: object) -> str:
        """Return a JSON value, encrypted."""
        return self._fernet().encrypt(zlib.compress(json.dumps(value).encode())).decode()

    def unseal(self, text: str) -> object:
        """Return the decrypted value. Raise HTTPException (404) if its secret is not known any more."""
        from cryptography.fernet import InvalidToken

        try:
            return json.loads(zlib.decompress(self._fernet().decrypt(text)))
        except InvalidToken:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None

    def _fernet(self) -> "MultiFernet":
        return fernet_for(self.secret_key, "dovetail.admin.imports", f"{self.user_id}\0{self.view}")


@dataclass(frozen=True, kw_only=True)
class SealedTable:
    """A table that was encrypted before the transaction that keeps it."""

    head: str
    rest: str


async def seal_sheet(owner: Owner, name: str, sheet: Sheet) -> SealedTable:
    """Return a table for storing, encrypted in a thread."""
    head = {"name": name, "note": sheet.note, "columns": sheet.columns, "rows": sheet.rows[:SHOWN]}
    rest = {"columns": sheet.columns, "rows": sheet.rows, "lines": sheet.lines, "texts": sheet.texts}
    return SealedTable(
        head=await run_sync(owner.seal, {**head, "count": len(sheet.rows)}), rest=await run_sync(owner.seal, rest)
    )


async def keep_table(session: AsyncSession, owner: Owner, sealed: SealedTable) -> int:
    """Store a table, and delete the user's oldest one if there are too many; return its key."""
    newest = select(ImportedTable.id).where(ImportedTable.user_id == owner.user_id).order_by(ImportedTable.id.desc())
    superfluous = delete(ImportedTable).where(
        ImportedTable.user_id == owner.user_id, ImportedTable.id.not_in(newest.limit(MOST - 1))
    )
    await session.execute(superfluous, execution_options=NO_SYNCHRONIZATION)
    expires_at = datetime.now(UTC) + LIFETIME
    kept = ImportedTable(
        user_id=owner.user_id, view=owner.view, head=sealed.head, rest=sealed.rest, expires_at=expires_at
    )
    session.add(kept)
    await session.flush()
    return kept.id


async def find_preview(session: AsyncSession, owner: Owner, key: int) -> Preview:
    """Return the first rows of a stored table. Raise HTTPException (404) if the user has no such table."""
    head = await session.scalar(select(ImportedTable.head).where(_is_there(owner, key)))
    if head is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    found = owner.unseal(head)
    assert isinstance(found, dict)  # noqa: S101 - `seal_sheet` wrote it
    return Preview(key=key, **found)


async def find_sealed(session: AsyncSession, owner: Owner, key: int) -> str:
    """Return an encrypted table. Raise HTTPException (404) as `find_preview` does."""
    rest = await session.scalar(select(ImportedTable.rest).where(_is_there(owner, key)))
    if rest is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return rest


async def open_sheet(owner: Owner, sealed: str) -> Sheet:
    """Return a stored table, decrypted in a thread."""
    found = await run_sync(owner.unseal, sealed)
    assert isinstance(found, dict)  # noqa: S101 - `seal_sheet` wrote it
    return Sheet(**found)


async def claim_table(session: AsyncSession, owner: Owner, key: int) -> bool:
    """Lock a table until the transaction ends. Return False if it does not exist or is locked already."""
    free = select(ImportedTable.id).where(_is_there(owner, key)).with_for_update(skip_locked=True)
    return await session.scalar(free) is not None


async def forget_table(session: AsyncSession, owner: Owner, key: int) -> None:
    """Delete a table that was imported or discarded."""
    forget = delete(ImportedTable).where(ImportedTable.id == key, ImportedTable.user_id == owner.user_id)
    await session.execute(forget, execution_options=NO_SYNCHRONIZATION)


def _is_there(owner: Owner, key: int) -> ColumnElement[bool]:
    return (
        (ImportedTable.id == key)
        & (ImportedTable.user_id == owner.user_id)
        & (ImportedTable.view == owner.view)
        & (ImportedTable.expires_at > datetime.now(UTC))
    )

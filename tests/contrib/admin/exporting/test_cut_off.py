"""An export ends with the rights of its reader."""

import httpx
from sqlalchemy import Executable, delete, insert, update
from starlette.types import Message, Receive, Scope, Send

from dovetail.contrib.admin.exporting import export as export_module
from dovetail.contrib.admin.testing import ORIGIN
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from tests.contrib.admin.shelf.models import Book


async def test_an_export_is_cut_off_once_its_reader_loses_a_permission_or_the_session(
    app, make_user, back_office_for, session, monkeypatch
):
    monkeypatch.setattr(export_module, "CHECKED_EVERY", 0.0)
    await session.execute(insert(Book), [{"title": f"Book {n}", "pages": n} for n in range(1200)])
    await session.commit()
    reader = await make_user(username="reader", is_staff=True, is_superuser=True)
    office = await back_office_for(reader)
    changes = (
        (update(User).values(full_name="Same rights"), 1201),
        (update(User).where(User.id == reader.id).values(is_superuser=False), 501),
        (delete(Session).where(Session.user_id == reader.id), 501),
    )
    for change, lines in changes:

        async def read_slowly(scope: Scope, receive: Receive, send: Send, change: Executable = change) -> None:
            async def take(message: Message) -> None:
                await send(message)
                if message["type"] == "http.response.body":
                    await session.execute(change)
                    await session.commit()

            await app(scope, receive, take)

        transport = httpx.ASGITransport(read_slowly, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=office.client.cookies) as client:
            assert len((await client.get("/admin/shelf/book/export/csv/")).text.splitlines()) == lines, change
        await session.execute(update(User).where(User.id == reader.id).values(is_superuser=True))
        await session.commit()

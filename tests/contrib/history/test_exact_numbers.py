"""Numbers of lines keep all their digits: on pages, for those who read the feed, and in archives."""

# ruff: noqa: F811 - fixtures

import json
from decimal import Decimal

from sqlalchemy import select, text

from dovetail.contrib.history.feed import read_history
from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.old_lines import archived_lines
from plugins.blog.models import Post
from tests.contrib.history.test_pages import boss, office, page_of  # noqa: F401 - fixtures

LONG, OTHER = "12345678901234567.123456789012345671", "12345678901234567.123456789012345672"  # one number to a float


async def test_long_numbers_are_exact_on_pages_in_the_feed_and_in_an_archive(app, office, boss, database):
    async with database.unit_of_work() as session:
        post = Post(title="Numbers", content="C", author_id=boss.id)
        session.add(post)
    async with database.unit_of_work() as session:
        (await session.get_one(Post, post.id)).title = "Digits"
    async with database.unit_of_work() as session:
        line = await session.scalar(select(RecordedChange.id).order_by(RecordedChange.id.desc()).limit(1))
        pictures = [
            f'{{"view_count": {number}, "content": {{"a": [{number}, 0.1]}}, "title": "{title}"}}'
            for number, title in ((LONG, "Numbers"), (OTHER, "Digits"))
        ]
        before, after = (one.replace(":", "\\:") for one in pictures)
        await session.execute(
            text(f"UPDATE history_change SET before = '{before}', after = '{after}' WHERE id = {line}")
        )
    pages = [
        await office.get(page_of(app, "object-history", identity="blog/post", pk=post.id)),
        await office.get(page_of(app, "details", identity="history/recordedchange", pk=line)),
    ]
    for page in pages:
        plain = page.text.replace("<del>", "").replace("<ins>", "").replace("</del>", "").replace("</ins>", "")
        assert [plain.count(f"{one}</") + plain.count(f"[{one},0.1]") for one in (LONG, OTHER)] == [2, 2]
    async with database.unit_of_work(read_only=True) as session:
        told = (await read_history(session, limit=100))[-1]
    assert (told.before["view_count"], told.after["view_count"]) == (Decimal(LONG), Decimal(OTHER))
    assert told.before["content"] == {"a": [Decimal(LONG), 0.1]}
    archived = {number: line async for lines in archived_lines(database, None) for number, line in lines}
    assert json.loads(archived[line], parse_float=str)["after"]["view_count"] == OTHER

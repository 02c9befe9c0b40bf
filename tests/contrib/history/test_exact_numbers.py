"""Numbers of lines keep all their digits: on pages, in the API, for those who read the feed, and in archives."""

import json
from decimal import Decimal

from sqlalchemy import select, text

from dovetail.contrib.history.feed import read_history
from dovetail.contrib.history.keeping.old_lines import archived_lines
from dovetail.contrib.history.models import RecordedChange
from plugins.blog.models import Post
from tests.contrib.history.test_pages import page_of

LONG, OTHER = "12345678901234567.123456789012345671", "12345678901234567.123456789012345672"  # one number to a float
BIG = str(2**100 + 1)


async def test_long_numbers_are_exact_on_pages_in_the_api_the_feed_and_an_archive(
    app, office, boss, client_for, database
):
    async with database.unit_of_work() as session:
        post = Post(title="Numbers", content="C", author_id=boss.id)
        session.add(post)
    async with database.unit_of_work() as session:
        (await session.get_one(Post, post.id)).title = "Digits"
    async with database.unit_of_work() as session:
        line = await session.scalar(select(RecordedChange.id).order_by(RecordedChange.id.desc()).limit(1))
        rest = f'"b": [{BIG}, 1e400, "ü"]'
        pictures = [
            f'{{"view_count": {number}, "content": {{"a": [{number}, 0.1], {rest}}}, "title": "{title}"}}'
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
        told = (await read_history(session, limit=100)).changes[-1]
    assert (told.before["view_count"], told.after["view_count"]) == (Decimal(LONG), Decimal(OTHER))
    assert told.before["content"] == {"a": [Decimal(LONG), 0.1], "b": [int(BIG), Decimal("1e400"), "ü"]}
    answer = await (await client_for(boss)).get(f"/api/history/objects/blog.post/{post.id}")
    found = json.loads(answer.text, parse_float=str, parse_int=str)["items"][0]
    assert [found[side]["view_count"] for side in ("before", "after")] == [LONG, OTHER]
    assert found["after"]["content"] == {"a": [OTHER, "0.1"], "b": [BIG, "1E+400", "ü"]}
    for query in ("model=blog.post", "model=blog.post&fields=before,after"):
        answer = await (await client_for(boss)).get(f"/api/history?{query}")
        assert json.loads(answer.text, parse_float=str, parse_int=str)["items"][0]["before"] == found["before"]
    archived = {number: line async for lines in archived_lines(database, None) for number, line in lines}
    assert json.loads(archived[line], parse_float=str)["after"]["view_count"] == OTHER

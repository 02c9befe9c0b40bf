"""What an object is called may be nothing, or in another script: its row opens by a link that has a name."""

import pytest

from plugins.blog.models import Post

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


async def test_a_row_whose_title_holds_no_letter_is_called_by_its_kind_and_key(office, boss, session):
    session.add_all(
        [
            Post(id=7, title="   ", content="x", author_id=boss.id),
            Post(id=8, title="שלום 😀", content="x", author_id=boss.id),
        ]
    )
    await session.commit()
    page = (await office.get("/blog/post/")).text
    assert page.count('href="/admin/blog/post/7/change/">Post 7</a>') == 1
    assert page.count('href="/admin/blog/post/8/change/">שלום 😀</a>') == 1
    for address in ("/blog/post/7/", "/blog/post/7/change/"):
        assert '<h1 class="page-title">Post 7</h1>' in (await office.get(address)).text

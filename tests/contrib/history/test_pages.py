"""The history in the back office: a page of each object, the list of all changes, and one's own recent ones."""

import re

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import grant, revoke
from dovetail.contrib.history.models import RecordedChange
from dovetail.database.unit_of_work import Database
from plugins.blog.admin import PostAdmin
from plugins.blog.models import Post, Tag
from plugins.blog.policies import PostPolicy
from plugins.comments.models import Comment


@pytest.fixture
async def stranger(make_user, back_office_for, database):
    """Staff who may view posts."""
    staff = await make_user(username="staff", is_staff=True)
    async with database.unit_of_work() as session:
        await grant(session, await session.get_one(User, staff.id), ["blog.view_post"])
    return await back_office_for(staff)


@pytest.fixture
async def post(boss, database: Database) -> int:
    """A post that was changed once, its title and its tags."""
    async with database.unit_of_work() as session:
        made = Post(title="An old title", content="Text.", author_id=boss.id)
        session.add(made)
    async with database.unit_of_work() as session:
        found = await session.get_one(Post, made.id, options=[selectinload(Post.tags)])
        found.title = "A new title"
        found.tags.append(Tag(name="python"))
    return made.id


def page_of(app, name: str, **parameters: object) -> str:
    root = app.url_path_for("admin:index").removesuffix("/")
    return str(app.url_path_for(f"admin:{name}", **parameters)).removeprefix(root)


async def test_the_page_of_an_object_shows_its_changes_side_by_side_the_latest_first(app, office, post):
    page = await office.get(page_of(app, "object-history", identity="blog/post", pk=post))
    assert page.status_code == 200
    text = page.text
    assert "<del>old</del>" in text
    assert "<ins>new</ins>" in text
    assert "<ins>python</ins>" in text
    assert text.index(">Changed, <time") < text.index(">Added, <time")  # by no user: by code
    former = await office.get(f"/blog-post/history/{post}")
    assert former.headers["location"].endswith(page_of(app, "object-history", identity="blog/post", pk=post))
    for name in ("details", "edit"):
        page = await office.get(page_of(app, name, identity="blog/post", pk=post))
        assert f'{page_of(app, "object-history", identity="blog/post", pk=post)}">History</a>' in page.text


async def test_there_is_no_history_button_without_a_history_or_permission(app, office, post, monkeypatch):
    for label in ("auth/securityevent", "history/recordedchange"):
        listed = (await office.get(page_of(app, "list", identity=label))).text
        key = re.search(rf'href="/admin/{label}/(\d+)/"', listed)[1]
        page = await office.get(page_of(app, "details", identity=label, pk=key))
        assert page.status_code == 200
        assert f"{label}/{key}/history/" not in page.text
    form = page_of(app, "edit", identity="blog/post", pk=post)
    assert '/history/">' in (await office.get(form)).text
    monkeypatch.setattr(PostAdmin, "can_view_details", False)
    page = (await office.get(form)).text
    assert '/history/">' not in page
    assert ">View</a>" not in page


async def test_the_history_of_a_deleted_object_is_for_superusers(app, office, post, stranger, database):
    address = page_of(app, "object-history", identity="blog/post", pk=post)
    async with database.unit_of_work() as session:
        await session.delete(await session.get_one(Post, post))
    page = await office.get(address)
    assert page.status_code == 200
    assert ">Deleted, <time" in page.text
    assert "A new title" in page.text
    assert (await stranger.get(address)).status_code == 404
    assert (await office.get(page_of(app, "object-history", identity="blog/post", pk=10**6))).status_code == 404


async def test_the_history_of_hidden_objects_and_fields_is_hidden(app, boss, make_user, back_office_for, database):
    async with database.unit_of_work() as session:
        (await session.get_one(User, boss.id)).hashed_password = "another"
        (await session.get_one(User, boss.id)).bio = "Likes tea"
    staff = await make_user(username="staff", is_staff=True)
    address = page_of(app, "object-history", identity="auth/user", pk=boss.id)
    visitor = await back_office_for(staff)
    assert (await visitor.get(address)).status_code == 403
    async with database.unit_of_work() as session:
        await grant(session, await session.get_one(User, staff.id), ["auth.view_user"])
    page = await visitor.get(address)
    assert page.status_code == 200
    assert "Likes tea" in page.text
    assert "ashed password" not in page.text
    assert "another" not in page.text


async def test_the_list_of_all_changes_is_for_superusers(app, office, post, make_user, back_office_for):
    address = page_of(app, "list", identity="history/recordedchange")
    page = await office.get(address)
    assert page.status_code == 200
    staff = await back_office_for(await make_user(username="staff", is_staff=True))
    assert (await staff.get(address)).status_code == 403


async def test_the_list_of_all_changes_calls_models_by_their_titles_in_the_language_of_the_page(app, office, post):
    address = page_of(app, "list", identity="history/recordedchange")
    office.client.headers["Accept-Language"] = "de"
    listed = (await office.get(address)).text
    assert re.search(r"<td data-label=\"Modell\">\s*Beitrag\s*</td>", listed)
    assert re.search(r'href="[^"]*model=blog.post"[^>]*>Beitrag', listed)
    assert "Beitrag A new title: Geändert" in listed
    narrowed = (await office.get(f"{address}?model=blog.tag")).text
    assert re.search(r"<td data-label=\"Modell\">\s*Schlagwort\s*</td>", narrowed)
    assert not re.search(r"<td data-label=\"Modell\">\s*Beitrag\s*</td>", narrowed)
    key = re.search(r'href="/admin/history/recordedchange/(\d+)/"', narrowed)[1]
    shown = (await office.get(page_of(app, "details", identity="history/recordedchange", pk=key))).text
    assert 'Schlagwort <small class="text-secondary">blog.tag</small>' in shown


async def test_the_page_of_a_change_shows_its_values_and_links_to_the_objects_other_changes(app, office, post):
    office.client.headers["Accept-Language"] = "de"
    listed = (await office.get(page_of(app, "list", identity="history/recordedchange"))).text
    of_object = page_of(app, "object-history", identity="blog/post", pk=post)
    assert f'<a href="/admin{of_object}">A new title</a> <small class="text-secondary">{post}</small>' in listed
    numbers = re.findall(r'href="/admin/history/recordedchange/(\d+)/"[^>]*aria-label="Beitrag', listed)
    details = [page_of(app, "details", identity="history/recordedchange", pk=one) for one in numbers]
    pages = [(await office.get(address)).text for address in details]
    made = next(one for one in pages if "Beitrag A new title: Hinzugefügt" in one)
    assert re.search(r"<dt[^>]*>Titel</dt><dd[^>]*>An old title</dd>", made)
    assert re.search(r"<dt[^>]*>Veröffentlicht</dt><dd[^>]*>nein</dd>", made)
    assert "{&#34;" not in made


async def test_a_related_object_is_shown_by_name_to_users_who_may_see_it(app, office, post, database):
    address = page_of(app, "object-history", identity="blog/post", pk=post)
    writer = User(username="writer", email="writer@example.org", hashed_password="x")
    async with database.unit_of_work() as session:
        session.add(writer)
        await session.flush()
        (await session.get_one(Post, post)).author_id = writer.id
        session.add(Comment(content="Yes", post_id=post, author_id=writer.id))
    page = (await office.get(address)).text
    assert re.search(r">Author</th>.*?<del>boss</del>.*?<ins>writer</ins>", page, re.DOTALL)
    async with database.unit_of_work() as session:
        key = await session.scalar(select(Comment.id))
    office.client.headers["Accept-Language"] = "de"
    page = (await office.get(page_of(app, "object-history", identity="comments/comment", pk=key))).text
    for label, words in (("Beitrag", "A new title"), ("Autor", "writer"), ("Status", "Wartend")):
        assert re.search(rf">{label}</th>\s*<td[^>]*>{words}</td>", page), label


async def test_a_reference_to_an_object_that_the_user_may_not_see_shows_its_key(app, post, stranger, monkeypatch):
    address = page_of(app, "object-history", identity="blog/post", pk=post)
    assert re.search(r">Author</th>\s*<td[^>]*>boss</td>", (await stranger.get(address)).text)
    monkeypatch.setattr(PostPolicy, "related", lambda _policy, _viewer: {})  # nobody knows authors by posts
    assert re.search(r">Author</th>\s*<td[^>]*>\d+</td>", (await stranger.get(address)).text)


async def test_the_dashboard_shows_the_users_own_changes(app, office, make_user, back_office_for, database):
    assert "Your recent changes" not in (await office.get("/")).text
    await office.submit(page_of(app, "create", identity="blog/tag"), {"name": "tea"})
    page = (await office.get("/")).text
    async with database.unit_of_work() as session:
        key = await session.scalar(select(RecordedChange.object_key).where(RecordedChange.model == "blog.tag"))
    assert "Your recent changes" in page
    assert page_of(app, "object-history", identity="blog/tag", pk=key) in page
    other = await back_office_for(await make_user(username="other", is_superuser=True))
    assert "Your recent changes" not in (await other.get("/")).text


async def test_the_dashboard_shows_titles_of_changed_objects_that_the_user_may_still_read(
    app, make_user, back_office_for, database
):
    staff = await make_user(username="staff", is_staff=True)
    granted = [
        "blog.view_post",
        "blog.add_post",
        "blog.change_post",
        "blog.view_tag",
        "blog.add_tag",
        "blog.delete_tag",
    ]
    async with database.unit_of_work() as session:
        await grant(session, await session.get_one(User, staff.id), granted)
    office = await back_office_for(staff)
    values = {"title": "Green tea", "content": "Hot.", "author": str(staff.id)}
    assert (await office.submit(page_of(app, "create", identity="blog/post"), values)).status_code == 303
    assert (await office.submit(page_of(app, "create", identity="blog/tag"), {"name": "cups"})).status_code == 303
    page = (await office.get("/")).text
    assert ">Green tea</a> <small" in page
    assert ">cups</a> <small" in page
    async with database.unit_of_work() as session:
        post, tag = await session.scalar(select(Post.id)), await session.scalar(select(Tag.id))
        await session.execute(update(Post).values(title="Black tea", is_published=False))
    assert (await office.submit(page_of(app, "delete", identity="blog/tag", pk=tag), {})).status_code == 303
    page = (await office.get("/")).text
    assert ">Black tea</a> <small" in page  # as it is called now
    assert page.count(">cups</a> <small") == 2  # as it was called: it was added, and deleted
    async with database.unit_of_work() as session:
        await revoke(session, await session.get_one(User, staff.id), ["blog.view_post", "blog.change_post"])
    page = (await office.get("/")).text
    assert "Black tea" not in page
    assert f"/blog/post/{post}/" not in page


async def test_older_changes_are_on_the_next_page(app, office, boss, database):
    async with database.unit_of_work() as session:
        tag = Tag(name="0")
        session.add(tag)
    for number in range(1, 52):
        async with database.unit_of_work() as session:
            (await session.get_one(Tag, tag.id)).name = str(number)
    address = page_of(app, "object-history", identity="blog/tag", pk=tag.id)
    first = await office.get(address)
    assert first.text.count(">Changed, <time") == 50
    (before,) = {part.split('"')[0] for part in first.text.split("?before=")[1:]}
    rest = await office.get(address, before=before)
    assert (rest.text.count(">Changed, <time"), rest.text.count(">Added, <time")) == (1, 1)
    assert (await office.get(address, before="no number")).status_code == 200


async def test_an_earlier_object_with_the_same_key_has_a_history_of_its_own(app, office, post, stranger, database):
    async with database.unit_of_work() as session:
        old = await session.get_one(Post, post)
        await session.delete(old)
    async with database.unit_of_work() as session:
        session.add(Post(id=post, title="Of somebody else", content="Text.", author_id=old.author_id))
    address = page_of(app, "object-history", identity="blog/post", pk=post)
    seen, everything = (await stranger.get(address)).text, (await office.get(address)).text
    assert "Of somebody else" in seen
    assert ">Deleted, <time" not in seen
    assert "A new title" not in seen
    assert seen.count("ed, <time") == 1
    assert "A new title" in everything

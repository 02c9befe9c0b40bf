"""Forms: what they save, what they leave alone, and what they say when they cannot."""

import asyncio
import re

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import selectinload

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.users import authenticate
from plugins.blog.models import Post, Tag
from plugins.comments.models import Comment, CommentStatus
from tests.contrib.admin.shelf.models import Book, Genre
from tests.contrib.auth.helpers import login, token_in

WRONG = re.compile(r'<div id="errors-field-(\w+)"><div class="invalid-feedback d-block">(.*?)</div></div>')
NEW_USER = {"username": "Ada", "email": "Ada@Example.org"}


@pytest.fixture
async def post(session, boss):
    post = Post(title="Old", content="Text", author_id=boss.id, tags=[Tag(name="a"), Tag(name="b")])
    session.add(post)
    await session.commit()
    return post


def wrong_fields(html: str) -> dict[str, str]:
    return dict(WRONG.findall(html))


async def reload(session) -> Post:
    session.expire_all()
    found = await session.scalar(select(Post).options(selectinload(Post.tags), selectinload(Post.author)))
    await session.commit()  # on SQLite a transaction of ours would keep the application from writing
    return found


async def test_a_user_who_is_made_is_sent_a_link_to_choose_a_password(office, client, database, outbox):
    answer = await office.submit("/auth/user/add/", NEW_USER | {"password": "chosen by somebody else"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/auth/user/")
    page = (await office.get("/auth/user/")).text
    assert "Ada was saved." in page
    assert "A message is sent to ada@example.org: You have an account." in page
    (message,) = outbox.messages
    assert (message.to, "its username is Ada" in message.body) == ("ada@example.org", True)
    new = {"token": token_in(message), "password": "chosen by myself"}
    assert (await client.post("/api/auth/reset-password", json=new)).status_code == 204
    async with database.unit_of_work() as session:
        assert await authenticate(session, "ada@example.org", "chosen by somebody else") is None
    async with database.unit_of_work() as session:
        user = await authenticate(session, "ada@example.org", "chosen by myself")
        assert (user.username, user.is_active, user.is_verified, user.is_superuser) == ("Ada", True, True, False)


async def test_staff_send_a_link_and_choose_nobodys_password(office, make_user, client, outbox):
    user = await make_user(username="other")
    page = (await office.get(f"/auth/user/{user.id}/change/")).text
    assert 'type="password"' not in page
    await office.post(f"/auth/user/action/send-reset-link/?pks={user.id}", {"pks": [str(user.id)], "confirmed": "yes"})
    assert [message.subject for message in outbox.messages] == ["Choose a new password"]
    assert (await login(client, "other")).status_code == 200  # until they follow it


async def test_a_password_manager_knows_what_the_fields_of_a_new_user_are(office):
    page = (await office.get("/auth/user/add/")).text
    for name, meaning in (("username", "username"), ("email", "email")):
        (field,) = re.findall(rf'<input [^>]*name="{name}"[^>]*>', page)
        assert f'autocomplete="{meaning}"' in field
        assert 'class="form-control"' in field


REFUSED_USERS = [
    ({"username": "BOSS"}, "A user with this username already exists."),
    ({"email": "BOSS@example.org"}, "A user with this e-mail address already exists."),
    ({"email": "nobody"}, "This is not an e-mail address"),
    ({"username": "a b"}, "username"),
    ({"username": ""}, "This field is required."),
]


async def test_a_user_that_will_not_do_is_refused_at_the_field(office, session):
    for change, words in REFUSED_USERS:
        answer = await office.submit("/auth/user/add/", NEW_USER | change)
        assert answer.status_code in {400, 409, 422}, change
        assert words in answer.text
        assert "Nothing was saved." in answer.text, change
        assert 'class="invalid-feedback' in answer.text, change
        assert "INSERT" not in answer.text, change
        assert await session.scalar(select(func.count()).select_from(User)) == 1, change
        await session.commit()


@pytest.mark.parametrize("switch", ["is_active", "is_superuser"])
async def test_nobody_takes_their_own_access_away(office, boss, session, switch):
    answer = await office.submit(f"/auth/user/{boss.id}/change/", {switch: ""})
    assert answer.status_code == 409
    assert "your own access" in answer.text
    assert (await office.get("/")).status_code == 200


async def test_a_switched_off_checkbox_is_saved(office, make_user, session):
    user = await make_user(username="other", is_verified=True)
    await office.submit(f"/auth/user/{user.id}/change/", {"is_verified": ""})
    await session.refresh(user := await session.get(User, user.id))
    assert user.is_active
    assert not user.is_verified


async def test_a_post_is_made_with_its_author_and_tags(office, session, boss):
    tags = [Tag(name="x"), Tag(name="y")]
    session.add_all(tags)
    await session.commit()
    data = {
        "title": "New",
        "content": "Text",
        "author": str(boss.id),
        "tags": ["", *(str(tag.id) for tag in tags)],
        "is_published": "y",
    }
    assert (await office.submit("/blog/post/add/", data)).status_code == 303
    post = await reload(session)
    assert (post.title, post.author.username, post.is_published) == ("New", "boss", True)
    assert [tag.name for tag in post.tags] == ["x", "y"]


async def test_a_post_goes_to_another_author(office, session, post, make_user):
    other = await make_user(username="other")
    assert (await office.submit(f"/blog/post/{post.id}/change/", {"author": ["", str(other.id)]})).status_code == 303
    assert (await reload(session)).author.username == "other"


async def test_sending_the_form_as_it_is_changes_nothing(office, session, post):
    before = (post.title, post.content, post.author_id, [tag.id for tag in post.tags], post.is_published)
    assert (await office.submit(f"/blog/post/{post.id}/change/", {})).status_code == 303
    after = await reload(session)
    assert (after.title, after.content, after.author_id, [tag.id for tag in after.tags], after.is_published) == before


async def test_a_form_that_leaves_out_a_relation_leaves_it_as_it_is(office, session, post):
    answer = await office.submit(
        f"/blog/post/{post.id}/change/", {"title": "Newer", "tags": None, "author": None, "is_published": None}
    )
    assert answer.status_code == 303, answer.text
    after = await reload(session)
    assert (after.title, len(after.tags), after.author.username) == ("Newer", 2, "boss")


async def test_choosing_no_tags_takes_them_all_away(office, session, post):
    await office.submit(f"/blog/post/{post.id}/change/", {"tags": ""})
    assert (await reload(session)).tags == []


async def test_a_relation_that_may_be_empty_is_emptied(office, session, boss):
    session.add(book := Book(title="One", pages=1, owner_id=boss.id))
    await session.commit()
    await office.submit(f"/shelf/book/{book.id}/change/", {"owner": ""})
    await session.refresh(book)
    assert book.owner_id is None


async def test_a_relation_that_must_be_there_is_asked_for(office, session, post):
    answer = await office.submit(f"/blog/post/{post.id}/change/", {"author": ""})
    assert answer.status_code == 400
    assert "This field is required." in answer.text


NO_AUTHORS = ["999", "x", "9" * 40, "1;2", "-1"]


async def test_an_author_that_is_not_there_is_refused(office, post):
    for author in NO_AUTHORS:
        answer = await office.submit(f"/blog/post/{post.id}/change/", {"author": author})
        assert answer.status_code == 422, author
        assert "Choose again." in answer.text, author


async def test_the_later_of_two_edits_is_told_and_may_insist(office, session, post):
    path = f"/blog/post/{post.id}/change/"
    mine = read_form((await office.get(path)).text)
    await office.submit(path, {"title": "Theirs"})
    refused = await office.client.post(f"/admin{path}", data={**mine, "title": "Mine"})
    assert refused.status_code == 409
    assert "You changed this elsewhere at " in refused.text
    assert 'value="Mine"' in refused.text
    assert (await reload(session)).title == "Theirs"
    again = read_form(refused.text)
    assert (await office.client.post(f"/admin{path}", data=again)).status_code == 303
    assert (await reload(session)).title == "Mine"


async def test_a_change_of_tags_is_noticed_too(office, session, post):
    path = f"/blog/post/{post.id}/change/"
    mine = read_form((await office.get(path)).text)
    await office.submit(path, {"tags": ""})
    assert (await office.client.post(f"/admin{path}", data=mine)).status_code == 409


async def test_a_change_of_what_the_form_does_not_show_is_no_conflict(office, session, post):
    path = f"/blog/post/{post.id}/change/"
    mine = read_form((await office.get(path)).text)
    await session.execute(update(Post).values(view_count=Post.view_count + 1))
    await session.commit()
    assert (await office.client.post(f"/admin{path}", data=mine)).status_code == 303
    assert (await reload(session)).view_count == 1


async def test_of_ten_editors_at_once_one_wins_and_nine_are_told(office, session, post):
    path = f"/blog/post/{post.id}/change/"
    form = read_form((await office.get(path)).text)
    answers = await asyncio.gather(
        *(office.client.post(f"/admin{path}", data={**form, "title": f"By {n}"}) for n in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [303] + [409] * 9


async def test_a_form_without_its_version_is_refused(office, post):
    assert (await office.submit(f"/blog/post/{post.id}/change/", {"_version": None})).status_code == 409


async def test_a_name_that_is_taken_is_said_in_words(office, session):
    session.add(Tag(name="python"))
    await session.commit()
    answer = await office.submit("/blog/tag/add/", {"name": "python"})
    assert answer.status_code == 409
    assert wrong_fields(answer.text) == {"name": "Something with this value already exists."}
    assert "UNIQUE" not in answer.text
    assert "blog_tag" not in answer.text


async def test_a_key_that_leads_nowhere_is_told_at_its_field(office, session):
    boss = await session.scalar(select(User))
    await session.commit()
    answer = await office.submit("/drawer/shelf/add/", {"key": "A", "label": "A", "keeper_id": str(boss.id + 1)})
    assert answer.status_code == 409, answer.text
    told = "This refers to something that does not exist, or something else still refers to it."
    assert wrong_fields(answer.text) == {"keeper_id": told}
    saved = await office.submit("/drawer/shelf/add/", {"key": "A", "label": "A", "keeper_id": str(boss.id)})
    assert saved.status_code == 303, saved.text


async def test_so_is_one_that_the_commit_alone_would_look_at(office, session):
    boss = await session.scalar(select(User))
    await session.commit()
    answer = await office.submit("/drawer/shelf/add/", {"key": "A", "label": "A", "deputy_id": str(boss.id + 1)})
    assert answer.status_code == 409, answer.text
    assert wrong_fields(answer.text) == {"deputy_id": "This refers to something that does not exist: Deputy ID."}
    saved = await office.submit("/drawer/shelf/add/", {"key": "A", "label": "A", "deputy_id": str(boss.id)})
    assert saved.status_code == 303, saved.text


async def test_a_rule_of_the_model_is_said_by_its_fields_in_the_language_of_the_reader(office):
    for language, told in (
        ("en", "This value is not allowed here: Pages."),
        ("de", "Dieser Wert ist hier nicht zulässig: Seiten."),
    ):
        office.client.headers["Accept-Language"] = language
        answer = await office.submit("/shelf/book/add/", {"title": "Thin", "pages": "-1000000"})
        assert answer.status_code == 409
        assert wrong_fields(answer.text) == {"pages": told}


NOT_STORABLE = [("pages", "9" * 30), ("pages", str(2**40 * 2**30)), ("pages", "many"), ("title", "x" * 201)]


async def test_a_value_that_cannot_be_stored_is_refused(office, session):
    for field, value in NOT_STORABLE:
        answer = await office.submit("/shelf/book/add/", {"title": "Fine", "pages": "1", field: value})
        assert answer.status_code in {400, 422}, (field, value)
        assert "Nothing was saved." in answer.text, (field, value)
    assert await session.scalar(select(Book.id)) is None


async def test_a_null_character_is_refused(office, session):
    data = {"csrf_token": await office.token(), "name": "a\0b"}
    answer = await office.client.post(
        "/admin/blog/tag/add/", files={name: (None, value) for name, value in data.items()}
    )
    assert answer.status_code == 422
    assert "contains a NUL character" in answer.text


@pytest.mark.parametrize(("title", "words"), [("Forbidden", "not for sale"), ("Late", "Too late")])
async def test_what_a_hook_refuses_is_not_saved(office, session, title, words):
    answer = await office.submit("/shelf/book/add/", {"title": title, "pages": "1"})
    assert answer.status_code == 409
    assert words in answer.text
    assert await session.scalar(select(Book.id)) is None


async def test_what_breaks_inside_is_a_page_that_says_nothing_of_it(office, session, caplog):
    answer = await office.submit("/shelf/book/add/", {"title": "Broken", "pages": "1"})
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "a secret of the inside" not in answer.text
    assert "a secret of the inside" in caplog.text
    assert await session.scalar(select(Book.id)) is None


async def test_columns_outside_the_form_cannot_be_written(office, session, boss):
    await office.submit(
        "/shelf/book/add/",
        {"title": "Sly", "pages": "1", "purchase_code": "stolen", "id": "77", "owner_id": str(boss.id)},
    )
    book = await session.scalar(select(Book))
    assert (book.purchase_code, book.owner_id) == ("", None)
    assert book.id != 77
    await session.commit()
    await office.submit("/auth/user/add/", NEW_USER | {"hashed_password": "known", "id": "88"})
    user = await session.scalar(select(User).where(User.username == "Ada"))
    assert user.hashed_password == "!"
    assert user.id != 88


@pytest.mark.parametrize(("button", "target"), [("continue", r"\d+/change/"), ("another", "add/"), ("list", "")])
async def test_saving_leads_on(office, button, target):
    answer = await office.submit("/blog/tag/add/", {"name": "x", "save": button})
    assert re.fullmatch(f"/admin/blog/tag/{target}", answer.headers["location"])


async def test_saving_leads_back_to_the_list_as_it_was(office, session, post):
    answer = await office.submit(f"/blog/post/{post.id}/change/?search=old&page=1", {})
    assert answer.headers["location"] == "/admin/blog/post/?search=old&page=1"


async def test_a_comment_is_edited_with_its_status(office, session, post, boss):
    session.add(comment := Comment(content="Hm", post_id=post.id, author_id=boss.id))
    await session.commit()
    page = await office.get(f"/comments/comment/{comment.id}/change/")
    assert read_form(page.text)["status"] == ["pending"]
    await office.submit(f"/comments/comment/{comment.id}/change/", {"status": "rejected"})
    await session.refresh(comment)
    assert comment.status is CommentStatus.REJECTED
    await session.commit()
    assert (await office.submit(f"/comments/comment/{comment.id}/change/", {"status": "bogus"})).status_code == 400


async def test_a_form_costs_the_same_however_many_users_there_are(office, session, post, count_statements):
    costs = []
    for users in (0, 300):
        session.add_all([User(username=f"u{n}", email=f"u{n}@example.org", hashed_password="!") for n in range(users)])
        await session.commit()
        with count_statements() as statements:
            page = await office.get(f"/blog/post/{post.id}/change/")
        costs.append((len(statements), len(page.text)))
    assert costs[0] == costs[1]
    assert costs[0][0] == 5  # who is there, the post with its author, its tags, a draft of it, who else has it open


async def test_making_validators_does_not_pile_up(office, session, post):
    for _ in range(3):
        await office.get("/blog/post/add/")
    answer = await office.submit("/blog/post/add/", {"title": "x" * 201, "content": "x"})
    assert answer.text.count("Field cannot be longer than 200 characters.") == 1


async def test_a_genre_in_a_book_is_listed_by_name(office, session):
    genre = Genre(name="Crime")
    session.add(Book(title="One", pages=1, genres=[genre]))
    await session.commit()
    book_id = await session.scalar(select(Book.id))
    assert read_form((await office.get(f"/shelf/book/{book_id}/change/")).text)["genres"] == ["", str(genre.id)]

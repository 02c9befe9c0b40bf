"""What staff may do in the back office is what they are permitted, page by page; and nobody gains rights there."""

import re
from html import unescape

import pytest
from sqladmin import BaseView
from sqlalchemy import select

from dovetail.contrib.admin.checks.view_checks import find_unknown_permissions
from dovetail.contrib.admin.views import ModelAdmin, action
from dovetail.contrib.auth.models import Group, User
from dovetail.contrib.auth.permissions import grants
from dovetail.contrib.auth.permissions.held import groups_of, load_permissions, own_permissions
from plugins.blog.admin import PostAdmin
from plugins.blog.models import Post
from plugins.comments.models import Comment
from plugins.comments.policies import MODERATE

POSTS = "/blog/post"
DOORS = {
    "list": ("GET", "/"),
    "export": ("GET", "/export/csv/"),
    "details": ("GET", "/{id}/"),
    "create": ("GET", "/add/"),
    "edit": ("GET", "/{id}/change/"),
    "delete": ("GET", "/{id}/delete/"),
}
OPENS = {
    "view": {"list", "export", "details"},
    "change": {"list", "export", "details", "edit"},
    "add": {"create"},
    "delete": {"delete"},
}


@pytest.fixture
async def post(make_user, session) -> Post:
    writer = await make_user(username="writer")
    post = Post(title="On looms", content="Words.", author_id=writer.id, is_published=True)
    session.add(post)
    await session.commit()
    return post


@pytest.fixture
def let(session, make_user, back_office_for):
    """Make somebody with these permissions who may enter: `office = await let("eddie", "blog.view_post")`."""

    async def make(name: str, *permissions: str, **fields):
        user = await make_user(username=name, **{"is_staff": True, **fields})
        await grants.grant(session, user, permissions)
        await session.commit()
        return await back_office_for(user)

    return make


@pytest.mark.parametrize("held", [(), ("view",), ("change",), ("add",), ("delete",), ("view", "add")])
async def test_each_page_takes_its_permission_and_no_other_opens_it(let, post, held):
    office = await let("eddie", *(f"blog.{verb}_post" for verb in held), "blog.view_tag")
    opened = {
        door
        for door, (_, path) in DOORS.items()
        if (await office.get(POSTS + path.format(id=post.id))).status_code == 200
    }
    assert opened == set().union(*(OPENS[verb] for verb in held))
    assert (await office.get("/auth/user/")).status_code == 403
    assert (await office.get("/blog/tag/")).status_code == 200


async def test_what_a_view_switches_off_is_closed_to_everybody(boss, back_office_for, post, monkeypatch):
    office = await back_office_for(boss)
    switches = {name: f"can_{name}" for name in ("create", "edit", "delete", "export")}
    for door, switch in {**switches, "details": "can_view_details"}.items():
        path = POSTS + DOORS[door][1].format(id=post.id)
        assert (await office.get(path)).status_code == 200, door
        with monkeypatch.context() as patch:
            patch.setattr(PostAdmin, switch, False)
            assert (await office.get(path)).status_code == 403, door
    with monkeypatch.context() as patch:
        patch.setattr(PostAdmin, "is_accessible", lambda _view, _request: False)
        for _, path in DOORS.values():
            assert (await office.get(POSTS + path.format(id=post.id))).status_code == 403, path


async def test_what_one_may_not_do_is_not_offered(let, post):
    office = await let("eddie", "blog.view_post")
    menu = (await office.get("/")).text
    assert "/admin/blog/post/" in menu
    assert "/admin/auth/user/" not in menu
    assert "/admin/blog/tag/" not in menu
    assert re.findall(r'class="nav-heading">(.*?)<', menu) == ["Changes", "Blog", "Shelf"]  # trash, posts, a report
    page = (await office.get(f"{POSTS}/")).text
    assert f'/{post.id}/"' in page
    assert not re.search(r"blog/post/(\d+/)?(add|change|delete)", page)


async def test_a_group_permits_what_a_user_was_not_granted_themselves(let, session, post):
    office = await let("eddie")
    eddie = (await session.scalars(select(User).where(User.username == "eddie"))).one()
    assert (await office.get(f"{POSTS}/")).status_code == 403
    group = await grants.create_group(session, "editors", ["blog.view_post"])
    await grants.join_group(session, eddie, group)
    await session.commit()
    assert (await office.get(f"{POSTS}/")).status_code == 200
    await grants.revoke(session, group, ["blog.view_post"])
    await session.commit()
    assert (await office.get(f"{POSTS}/")).status_code == 403


async def test_permissions_without_being_staff_open_nothing_and_staff_without_permissions_is_let_in(let):
    assert (await (await let("eve", "blog.view_post", is_staff=False)).get(f"{POSTS}/")).status_code == 303
    assert (await (await let("eddie")).get("/")).status_code == 200


async def test_a_deletion_of_several_rows_takes_the_permission_to_delete(let, session, post):
    office = await let("eddie", "blog.change_post")
    answer = await office.client.post(
        f"/admin{POSTS}/delete/", data={"csrf_token": await office.token(), "pks": [str(post.id)], "confirmed": "yes"}
    )
    assert answer.status_code == 403
    assert await session.get(Post, post.id) is not None


async def test_the_author_of_a_post_is_shown_as_its_policy_says_and_no_other_user_is_found(let, post):
    eddie = await let("eddie", "blog.view_post", "blog.change_post")
    assert "writer" in (await eddie.get(f"{POSTS}/{post.id}/")).text
    found = (await eddie.get(f"{POSTS}/lookup/?name=author&term=")).json()["results"]
    assert ["eddie" in one["text"] for one in found] == [True]
    seeing = await let("ann", "blog.view_post", "blog.change_post", "auth.view_user")
    found = (await seeing.get(f"{POSTS}/lookup/?name=author&term=writer")).json()["results"]
    assert ["writer" in one["text"] for one in found] == [True]


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        ("blog.chnge_post", ["OddAdmin takes the permission 'blog.chnge_post', which no plugin has; did you mean"]),
        ("fly", ["OddAdmin takes the permission 'fly', which no plugin has, declare it in extensions"]),
        ("blog.change_post", []),
    ],
)
def test_a_permission_that_no_plugin_has_is_refused_at_the_start(taken, said):
    class OddAdmin(ModelAdmin, model=Post):
        @action("fly", "Fly", permission=taken)
        async def fly(self, _request, _rows):
            return "Flown."

    class OddPage(BaseView):
        permission_required = taken

    known = ["blog.change_post", "blog.view_post"]
    for view, name in ((OddAdmin, "OddAdmin"), (OddPage, "OddPage")):
        found = list(find_unknown_permissions(view, known))
        assert len(found) == len(said)
        assert all(one.startswith(words.replace("OddAdmin", name)) for one, words in zip(found, said, strict=True))


async def test_to_moderate_takes_a_permission_of_its_own(let, session, post):
    comment = Comment(content="Hm.", post_id=post.id, author_id=post.author_id)
    session.add(comment)
    await session.commit()
    for name, permission, status in (("eddie", "comments.change_comment", 403), ("mod", MODERATE, 303)):
        office = await let(name, "comments.view_comment", permission)
        sent = await office.post("/comments/comment/action/approve/", {"pks": [str(comment.id)]})
        assert sent.status_code == status, sent.text


MANAGER = (
    "auth.view_user",
    "auth.add_user",
    "auth.change_user",
    "auth.delete_user",
    "auth.view_group",
    "blog.view_post",
)


async def test_a_manager_of_users_gives_what_they_may_do_themselves_and_no_more(let, session, make_user):
    office = await let("mary", *MANAGER)
    eddie = await make_user(username="eddie")
    path = f"/auth/user/{eddie.id}/change/"
    given = await office.submit(path, {"user_permissions": ["blog.view_post"], "is_staff": "true"})
    assert given.status_code == 303, given.text
    refused = await office.submit(path, {"user_permissions": ["blog.view_post", "blog.change_post"]})
    assert "you lack blog.change_post" in refused.text
    assert 'name="is_superuser"' not in (await office.get(path)).text
    forged = await office.submit(path, {"is_superuser": "true"})
    assert forged.status_code == 303
    eddie = await session.get_one(User, eddie.id)
    await load_permissions(session, eddie)
    assert (eddie.is_staff, eddie.is_superuser, eddie.permissions) == (True, False, {"blog.view_post"})


async def test_a_form_offers_the_groups_and_permissions_that_may_be_given_and_says_why_others_are_missing(
    let, session, make_user
):
    eddie = await make_user(username="eddie")
    for name, permissions in (("readers", ["blog.view_post"]), ("editors", ["blog.view_post", "blog.change_post"])):
        await grants.create_group(session, name, permissions)
    await session.commit()
    mary, root = await let("mary", *MANAGER), await let("root", is_superuser=True)
    for office, groups, permissions in (
        (mary, {"readers"}, {"blog.view_post"}),
        (root, {"readers", "editors"}, {"blog.view_post", "blog.add_post", "blog.change_post", "blog.delete_post"}),
    ):
        found = (await office.get("/auth/user/lookup/", name="groups", term="")).json()["results"]
        assert {one["text"] for one in found} == groups
        filtered = (await office.get("/auth/user/lookup/", name="groups", term="", **{"for": "filter"})).json()[
            "results"
        ]
        assert {one["text"] for one in filtered} == {"readers", "editors"}  # one may look for those who are in any
        found = (await office.get("/auth/user/lookup/", name="user_permissions", term="_post")).json()["results"]
        assert {one["id"] for one in found} == permissions
        form = (await office.get(f"/auth/user/{eddie.id}/change/")).text
        assert ("Groups that permit more than you may do yourself are not offered" in form) == (office is mary)
    editors = await session.scalar(select(Group).where(Group.name == "editors"))
    await session.commit()
    refused = await mary.submit(f"/auth/user/{eddie.id}/change/", {"groups": [str(editors.id)]})
    assert "you lack blog.change_post" in refused.text


async def test_what_others_let_a_group_do_stays_when_somebody_who_may_do_less_saves_its_form(let, session):
    editors = await grants.create_group(session, "editors", ["blog.change_post"])
    await session.commit()
    mary = await let("mary", "auth.view_group", "auth.change_group", "blog.view_post")
    path = f"/auth/group/{editors.id}/change/"
    assert "blog.change_post" in (await mary.get(path)).text
    saved = await mary.submit(path, {"permissions": ["blog.change_post", "blog.view_post"]})
    assert saved.status_code == 303, saved.text
    assert await own_permissions(session, editors) == ["blog.change_post", "blog.view_post"]
    await session.commit()
    refused = await mary.submit(path, {"permissions": ["blog.view_post"]})
    assert "you lack blog.change_post" in refused.text


async def test_groups_that_a_manager_may_not_view_stay_when_the_form_is_saved(let, session, make_user):
    eddie = await make_user(username="eddie")
    group = await grants.create_group(session, "readers", ["blog.view_post"])
    await grants.join_group(session, eddie, group)
    await session.commit()
    office = await let("mary", "auth.view_user", "auth.change_user", "blog.view_post")
    assert "readers" not in (await office.get(f"/auth/user/{eddie.id}/change/")).text
    saved = await office.submit(f"/auth/user/{eddie.id}/change/", {"full_name": "Ed"})
    assert saved.status_code == 303, saved.text
    assert list(await groups_of(session, eddie)) == ["readers"]


async def test_nobody_changes_or_deletes_somebody_who_may_do_more_than_they(let, session, make_user):
    office = await let("mary", *MANAGER)
    boss = await make_user(username="boss", is_superuser=True)
    more = await make_user(username="more", is_staff=True)
    await grants.grant(session, more, ["blog.change_post"])
    await session.commit()
    for user, why in ((boss, "Only a superuser may change a superuser"), (more, "may do more than you")):
        refused = await office.submit(f"/auth/user/{user.id}/change/", {"email": "mary@example.com"})
        assert why in refused.text
        gone = await office.post("/auth/user/delete/", {"pks": [str(user.id)], "confirmed": "yes"})
        page = await office.client.get(gone.headers["location"]) if gone.status_code == 303 else gone
        assert why in page.text
        assert await session.get(User, user.id) is not None
        await session.commit()


async def test_a_group_is_made_changed_and_deleted_by_whoever_may_do_what_it_permits(let, session):
    office = await let("mary", *(f"auth.{verb}_group" for verb in ("view", "add", "change", "delete")), "blog.view_tag")
    made = await office.submit("/auth/group/add/", {"name": "Editors", "permissions": ["blog.view_tag"]})
    assert made.status_code == 303, made.text
    (group,) = await session.scalars(select(Group))
    await session.commit()
    refused = await office.submit(f"/auth/group/{group.id}/change/", {"permissions": ["blog.view_tag", "blog.add_tag"]})
    assert "you lack blog.add_tag" in refused.text
    await grants.grant(session, group, ["blog.add_tag"])
    await session.commit()
    kept = await office.post("/auth/group/delete/", {"pks": [str(group.id)], "confirmed": "yes"})
    page = await office.client.get(kept.headers["location"]) if kept.status_code == 303 else kept
    assert "you lack blog.add_tag" in page.text
    assert await session.get(Group, group.id) is not None


async def test_a_permission_that_one_may_not_take_away_is_locked_in_the_form_of_a_group_and_stays(let, session):
    office = await let("mary", *(f"auth.{verb}_group" for verb in ("view", "change")), "blog.view_tag")
    group = await grants.create_group(session, "editors", ["blog.view_tag", "blog.change_post"])
    await session.commit()
    path = f"/auth/group/{group.id}/change/"
    page = (await office.get(path)).text
    assert "You may not take away:" in page
    hidden = '<input type="hidden" name="permissions" value="blog.change_post">'
    assert re.search(rf"fa-lock[^>]*></i> [^<]*blog.change_post[^<]*{hidden}", page), page
    assert re.findall(r'<option value="(blog[^"]*)"', page) == ["blog.view_tag"]
    emptied = await office.submit(
        path, {"permissions": ["blog.change_post"]}
    )  # as the form sends it with all taken away
    assert emptied.status_code == 303, emptied.text
    forged = await office.submit(path, {"permissions": [""]})
    assert "you lack blog.change_post" in forged.text
    boss = await let("boss", is_superuser=True)
    assert "You may not take away" not in (await boss.get(path)).text


async def test_the_form_of_somebody_who_may_do_more_is_locked_and_says_why(let, session, make_user):
    office = await let("mary", *MANAGER)
    more, less = await make_user(username="more"), await make_user(username="less")
    await grants.grant(session, more, ["blog.change_post"])
    await session.commit()
    page = (await office.get(f"/auth/user/{more.id}/change/")).text
    assert "more may do more than you: blog.change_post." in unescape(page)
    assert re.search(r'<input[^>]* id="field-username"[^>]* readonly', page)
    assert re.search(r'<select[^>]* id="field-groups"[^>]* (?:readonly|disabled)', page)
    free = (await office.get(f"/auth/user/{less.id}/change/")).text
    assert not re.search(r'id="field-username"[^>]* readonly', free)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("Can view post (blog.view_post)", "Can moderate comments (comments.moderate_comment)")),
        ("de", ("Darf ansehen: Beitrag (blog.view_post)", "Darf Kommentare moderieren (comments.moderate_comment)")),
    ],
)
async def test_permissions_are_chosen_by_what_they_let_somebody_do(office, session, language, said):
    group = await grants.create_group(session, "editors")
    await grants.grant(session, group, ["blog.view_post", "comments.moderate_comment"])
    await session.commit()
    office.client.headers["Accept-Language"] = language
    for page in ("", "change/"):
        shown = unescape((await office.get(f"/auth/group/{group.id}/{page}")).text)
        assert all(one in shown for one in said)
    found = await office.get("/auth/group/lookup/", name="permissions", term="moderate")
    assert [one["text"] for one in found.json()["results"]] == [said[1]]


async def test_who_may_only_add_finds_the_form_chooses_in_it_and_is_led_to_no_list(let, session):
    office = await let("adam", "blog.add_post")
    start = (await office.get("/")).text
    assert "/admin/blog/post/add/" in start
    assert 'href="/admin/blog/post/"' not in start
    form = (await office.get("/blog/post/add/")).text
    assert 'href="/admin/blog/post/"' not in form
    assert "Save and continue editing" not in form
    told = (await office.get("/palette?term=New")).json()
    assert "/admin/blog/post/add/" in str(told)
    assert "'/admin/blog/post/'" not in str(told)
    choices = (await office.get("/blog/post/lookup/?name=author")).json()["results"]
    assert [one["text"] for one in choices] == ["adam"]
    sent = {"title": "By Adam", "content": "x", "author": [choices[0]["id"]]}
    saved = await office.submit("/blog/post/add/", sent)
    assert (saved.status_code, saved.headers["location"]) == (303, "/admin/")
    assert "By Adam was saved." in (await office.get("/")).text
    saved = await office.submit("/blog/post/add/?title=x", sent | {"save": "continue"})
    assert (saved.status_code, saved.headers["location"]) == (303, "/admin/")
    assert (await office.get("/blog/post/")).status_code == 403


async def test_who_may_only_look_is_offered_no_undo(let, session, post, database):
    async with database.unit_of_work() as work:
        (await work.get_one(Post, post.id)).title = "Changed"
    address = f"/blog/post/{post.id}/history/"
    for name, permissions, count in (
        ("reader", ["blog.view_post"], 0),
        ("chief", ["blog.view_post", "blog.change_post"], 1),
    ):
        office = await let(name, *permissions)
        assert (await office.get(address)).text.count(">Undo</button>") == count, name

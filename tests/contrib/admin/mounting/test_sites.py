"""A project says what its back office is called, shows and looks like, and may have several."""

import re

import pytest
import sqladmin
from jinja2 import Environment

from dovetail.application import make_application
from dovetail.context import make_context
from dovetail.contrib.admin.mounting.legacy_templates import check_legacy_templates
from dovetail.contrib.admin.mounting.templates import Folders
from dovetail.contrib.admin.testing import BackOffice, read_form
from dovetail.contrib.admin.views import AdminSite
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.errors import ConfigurationError
from dovetail.registry import load_registry
from dovetail.testing.fixtures import running
from plugins.blog.admin import TagAdmin
from plugins.blog.models import Post, Tag
from tests.contrib.admin.mounting.gazette import count_them, make_sites

DONE = '{% extends "sqladmin/base.html" %}{% block main %}Goodbye from {{ admin.site_header }}{% endblock %}'

FRAME = '{% extends "admin/base_site.html" %}{% block branding %}{{ super() }}<i>Est. 1893</i>{% endblock %}'

LOST = '{% extends "sqladmin/password_reset/ask.html" %}{% block heading_text %}Lost your key?{% endblock %}'


@pytest.fixture
def settings(make_settings, database_url, tmp_path):
    """A project with templates by folder."""
    for name, text in {
        "blog/post/change.html": '{% extends "admin/change_form.html" %}{% block heading %}Our post{% endblock %}',
        "blog/change_list.html": '{% extends "admin/change_list.html" %}{% block heading %}Blog list{% endblock %}',
        "blog/app_index.html": '{% extends "admin/app_index.html" %}{% block heading %}Blog desk{% endblock %}',
        "base_site.html": FRAME,
        "base.html": "{%- extends 'sqladmin/base.html' %}{% block head_tail %}<meta name=ours>{% endblock %}",
        "change_form.html": '{% extends "admin/change_form.html" %}{% block heading %}Any form{% endblock %}',
        "logged_out.html": DONE,
        "password_reset_form.html": LOST,
        "password_change_done.html": '{% extends "sqladmin/layout.html" %}{% block content %}All new{% endblock %}',
        "index.html": '{% extends "admin/index.html" %}{% block pretitle %}{{ motto }}{% endblock %}',
    }.items():
        path = tmp_path / "project" / "templates" / "admin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return make_settings(database_url=database_url, base_dir=tmp_path)


@pytest.fixture
async def app(settings):
    async with running(make_application(settings, {"admin.office": make_sites()})) as app:
        yield app


@pytest.fixture
async def boss(make_user):
    return await make_user(username="boss", is_superuser=True)


async def test_a_site_has_its_own_name_views_and_order(office, session, boss):
    page = (await office.get("/")).text
    assert ">What is to be done</h1>" in page
    assert "<title>Gazette</title>" in page
    assert "<span>The Gazette</span>" in page
    assert "All the news" in page
    assert 'href="https://gazette.example/"' in page
    assert re.findall(r'id="category-\d+">([^<]+)<', page) == ["Changes", "Blog", "Auth", "People"]
    assert "/admin/blog/drafts/" in page
    assert "/admin/comments/comment/" not in page
    assert (await office.get("/comments/comment/")).status_code == 404
    session.add(Post(title="One", content="x", author_id=boss.id))
    await session.commit()
    listed = (await office.get("/blog/drafts/")).text
    assert "One" in listed
    assert "(none)" in listed


FRAMED = ["/", "/blog/", "/blog/post/", "/blog/post/add/", "/blog/tag/add/", "/account/", "/login"]


async def test_the_frame_of_every_page_is_the_projects_own_where_it_has_one(office, client):
    for path in FRAMED:
        who = client if path == "/login" else office.client
        page = (await who.get(f"/admin{path}")).text
        assert page.count("<meta name=ours>") == 1, path
        assert page.count("<i>Est. 1893</i>") == (path != "/login"), path
        assert page.count("<span>The Gazette</span>") <= 1, path


async def test_of_two_views_of_all_users_links_lead_to_the_home_of_the_model(office, session, boss):
    session.add(Post(title="One", content="x", author_id=boss.id))
    await session.commit()
    page = (await office.get("/blog/post/")).text
    assert page.index("/admin/auth/writers/") < page.index("/admin/auth/user/")  # in the menu
    assert f'"/admin/auth/user/{boss.id}/' in page
    assert f"/admin/auth/writers/{boss.id}/" not in page


async def test_a_plugin_has_a_page_of_the_views_that_one_may_open(office, make_user, back_office_for):
    page = (await office.get("/blog/")).text
    assert ">Blog desk</h1>" in page
    assert "/admin/blog/post/add/" in page
    assert (await office.get("/nothing/")).status_code == 404
    staff = await back_office_for(await make_user(username="staff", is_staff=True))
    assert (await staff.get("/blog/")).status_code == 404
    start = (await staff.get("/")).text
    assert "/admin/blog/" not in start
    assert "Nothing here is permitted to you yet." in start
    assert "Nothing here is permitted to you yet." not in (await office.get("/")).text


async def test_templates_are_found_by_the_folders_of_model_plugin_and_site(office, session, boss):
    post, tag = Post(title="One", content="x", author_id=boss.id), Tag(name="python")
    session.add_all([post, tag])
    await session.commit()
    for path, heading in {
        f"/blog/post/{post.id}/change/": "Our post",
        "/blog/post/add/": "Our post",
        f"/blog/tag/{tag.id}/change/": "Any form",
        "/blog/tag/": "Blog list",
        f"/auth/user/{boss.id}/change/": "Any form",
        "/auth/user/": "Users",
    }.items():
        assert f">{heading}</h1>" in (await office.get(path)).text, path


async def test_a_site_adds_an_action_to_all_views_and_takes_one_from_all(office, session):
    tag = Tag(name="python")
    session.add(tag)
    await session.commit()
    page = (await office.get("/blog/tag/")).text
    assert "Count them" in page
    assert 'formaction="/admin/blog/tag/delete/' not in page
    await office.post("/blog/tag/action/count/", {"pks": [str(tag.id)]})
    assert "1 of tags." in (await office.get("/blog/tag/")).text
    assert (await office.post("/blog/tag/delete/", {"pks": [str(tag.id)], "confirmed": "yes"})).status_code == 403
    assert (await office.get(f"/blog/tag/{tag.id}/delete/")).status_code == 200


async def test_another_site_at_another_path_has_its_own_views_and_its_own_links(
    app, office, make_user, back_office_for, session
):
    tag = Tag(name="python")
    session.add(tag)
    await session.commit()
    desk = BackOffice(office.client, "/desk")
    page = (await desk.get("/")).text
    assert "Keywords" in page
    assert "/desk/blog/tag/" in page
    assert "/admin/" not in page
    assert "View site" not in page
    assert 'class="navbar-nav"' not in page
    assert (await desk.get("/blog/post/")).status_code == 404
    saved = await desk.submit(f"/blog/tag/{tag.id}/change/", {"name": "sql"})
    assert saved.headers["location"] == "/desk/blog/tag/"
    assert app.url_path_for("desk:list", identity="blog/tag") == "/desk/blog/tag/"
    outsider = await back_office_for(await make_user(username="outsider", is_superuser=True))
    assert (await outsider.get("/")).status_code == 200
    assert "for others" in (await BackOffice(outsider.client, "/desk").get("/")).text
    office.client.cookies.clear()
    assert (await desk.get("/blog/tag/")).headers["location"] == "/desk/login?next=%2Fdesk%2Fblog%2Ftag%2F"


async def test_views_of_a_list_are_saved_for_the_site_they_were_saved_on(office):
    desk = BackOffice(office.client, "/desk")
    await desk.post("/blog/tag/views/", {"do": "save", "name": "Words", "is_shared": "1", "is_default": "1"})
    await desk.post("/blog/tag/columns/", {"do": "save", "show-name": "1", "width-name": "333"})
    assert "Words" in (await desk.get("/blog/tag/", view="all")).text
    assert 'data-width="333"' in (await desk.get("/blog/tag/", view="all")).text
    page = await office.get("/blog/tag/")
    assert page.status_code == 200
    assert "Words" not in page.text
    assert 'data-width="333"' not in page.text


async def test_the_form_of_a_site_asks_more_and_keeps_people_out_and_its_pages_say_goodbye(
    office, make_user, boss, back_office_for
):
    await make_user(username="banned", is_staff=True)
    visitor = office.client
    visitor.cookies.clear()
    assert ">Lost your key?</h1>" in (await visitor.get("/admin/password_reset/")).text
    form = read_form((await visitor.get("/admin/login")).text)
    assert "I have read the rules" in (await visitor.get("/admin/login")).text
    given = {"csrf_token": form["csrf_token"], "username": "boss", "password": PASSWORD}
    refused = await visitor.post("/admin/login", data=given)
    assert (refused.status_code, "Read the rules first." in refused.text) == (400, True)
    kept_out = await visitor.post("/admin/login", data=given | {"terms": "y", "username": "banned"})
    assert (kept_out.status_code, "You are not let in today." in kept_out.text) == (403, True)
    assert (await visitor.post("/admin/login", data=given | {"terms": "y"})).status_code == 303
    again = await back_office_for(boss)
    new = "another long password of the boss"
    done = await again.post("/account/password/change", {"current_password": PASSWORD, "password": new})
    assert "All new" in done.text
    assert "Password changed" in done.text
    gone = await again.post("/logout", {})
    assert (gone.status_code, "Goodbye from The Gazette" in gone.text) == (200, True)
    assert (await again.get("/")).status_code == 303


def one_that(change, site: AdminSite | None = None) -> AdminSite:
    site = site or AdminSite()
    change(site)
    return site


async def plain(_view, _request, _rows):
    return None


@sqladmin.action("wipe", "Wipe")
async def wipe(_view, _request):
    return None


@pytest.mark.parametrize(
    ("sites", "words"),
    [
        (
            [one_that(lambda site: site.unregister("blog/pots"))],
            "leaves out 'blog/pots', which is no view of it; there",
        ),
        ([one_that(lambda site: site.register(TagAdmin, plugin="shop"))], "with 'shop', which is not enabled"),
        ([one_that(lambda site: site.add_action(plain))], "adds 'plain', which is no action; write @action"),
        ([one_that(lambda site: site.disable_action("brun"))], "disables the action 'brun'; there are"),
        ([AdminSite(plugins=("shop",))], "shows the plugin 'shop', which is not enabled"),
        ([AdminSite(login_template="nope.html")], "login_template is 'nope.html', which is no template of the site"),
        ([AdminSite(path="/a"), AdminSite("desk", path="/a/b")], "neither may lie within the other"),
        (
            [AdminSite(path="/a"), AdminSite("desk", path="/a-b"), AdminSite("shop", path="/a/b")],
            "at '/a' and at '/a/b'; neither",
        ),
        ([AdminSite(), "/desk"], "mounts 'admin.office' as a list, expected"),
        ([AdminSite(), AdminSite(path="/b")], "give each a name of its own"),
        (
            [AdminSite(), one_that(lambda site: site.add_action(wipe), AdminSite("desk", path="/desk"))],
            "on GET; decorate",
        ),
        ([AdminSite(path="office")], "expected a path that begins with a slash"),
    ],
)
def test_what_a_site_cannot_do_is_refused_in_one_line(make_settings, sites, words):
    with pytest.raises(ConfigurationError) as error:
        make_application(make_settings(database_url="sqlite://"), {"admin.office": sites})
    assert any(words in line for line in error.value.detail.splitlines()), error.value.detail


def test_an_option_that_there_is_not_is_refused_where_it_is_written():
    with pytest.raises(TypeError, match="no option 'site_heder'"):
        AdminSite(site_heder="x")
    with pytest.raises(TypeError, match="site_heder is no option of AdminSite; did you mean site_header"):
        type("Office", (AdminSite,), {"site_heder": "x"})
    assert count_them.__name__ == "count_them"


def test_a_template_by_its_former_name_that_another_stands_in_for_is_told_by_check(make_settings, tmp_path):
    templates = tmp_path / "project" / "templates"
    for name in ("admin", "sqladmin"):
        (templates / name).mkdir(parents=True)
    (templates / "admin" / "base_site.html").write_text(FRAME)
    (templates / "admin" / "change_list.html").write_text('{% extends "sqladmin/list.html" %}')
    settings = make_settings(database_url="sqlite://", base_dir=tmp_path)
    context = make_context(settings, load_registry(settings))
    (templates / "sqladmin" / "details.html").write_text('{% extends "sqladmin/details.html" %}')  # alone
    (templates / "sqladmin" / "list.html").write_text('{% extends "sqladmin/list.html" %}')  # extended
    assert list(check_legacy_templates(context)) == []
    (templates / "sqladmin" / "layout.html").write_text('{% extends "sqladmin/layout.html" %}')
    (found,) = check_legacy_templates(context)
    assert str(found) == (
        "WARNING (admin.W008) project/templates/sqladmin/layout.html is passed over: "
        "project/templates/admin/base_site.html stands in its place. Hint: move its blocks into admin/base_site.html, "
        "and delete it"
    )
    (templates / "sqladmin" / "layout.html").unlink()
    (templates / "admin" / "change_list.html").write_text('{% extends "admin/change_list.html" %}')
    assert "sqladmin/list.html is passed over" in str(next(check_legacy_templates(context)))


BAD_TEMPLATES = [
    ("blog/pots/change_form.html", "", "is of no plugin or model; there are"),
    ("blog/post/change_form.html", "{% if %}", "is a template which Jinja cannot read: line 1"),
    (
        "index.html",
        '{% extends "admin/index.html" %}{% block brandin %}Ours{% endblock %}',
        "is a template which has a block 'brandin', which is none of account, body, branding, content, ",
    ),
    (
        "base_site.html",
        '{% extends "admin/base_site.html" %}{% block extrastyle %}{% endblock %}',
        "is a template which has a block 'extrastyle', which is called head_css",
    ),
    (
        "blog/post/details.html",
        '{% extends "admin/detail.html" %}',
        "is a template which extends 'admin/detail.html', which is no template of the site",
    ),
    ("blog/index.html", '{% include "nope.html" %}', "is a template which includes 'nope.html', which is no"),
    ("comments/index.html", '{% from "nope.html" import a %}', "is a template which imports 'nope.html', which is no"),
    (
        "blog/a.html",
        '{% extends "admin/blog/a.html" %}',
        "is a template which extends 'admin/blog/a.html', and nothing but itself is called so",
    ),
]


@pytest.mark.parametrize("sites", [[AdminSite()], [AdminSite(plugins=("auth",)), AdminSite("desk", path="/desk")]])
def test_a_folder_of_nothing_and_a_template_that_cannot_be_filled_in_are_refused(make_settings, tmp_path, sites):
    folder = tmp_path / "project" / "templates" / "admin"
    for name, text, _ in BAD_TEMPLATES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    with pytest.raises(ConfigurationError) as error:
        make_application(make_settings(database_url="sqlite://", base_dir=tmp_path), {"admin.office": sites})
    for name, _, words in BAD_TEMPLATES:
        assert f"templates/admin/{name} {words}" in error.value.detail


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("templated/taged/change_form.html", "is of no plugin or model; there are templated/tagged"),
        ("change_form.html", "of a plugin stands in for nothing; put it into a folder of the plugin"),
    ],
)
def test_a_template_of_a_plugin_that_no_page_would_ask_for_is_refused(tmp_path, name, words):
    path = tmp_path / "templates" / "admin" / name
    path.parent.mkdir(parents=True)
    path.write_text("")
    (path.parent / "read_by_its_name.html").write_text("")
    folders = Folders.read(tmp_path / "project", [tmp_path / "templates"])
    assert list(folders.problems({"templated/tagged"}, Environment(autoescape=True))) == [
        f"templates/admin/{name} {words}"
    ]

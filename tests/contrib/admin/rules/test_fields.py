"""What a policy hides is nowhere in the back office, and what it lets nobody write is not written."""

import re

from sqlalchemy import func, select

from dovetail.contrib.admin.models import SavedView
from dovetail.contrib.auth.permissions import grants
from dovetail.resources.policies.registered import POLICIES
from plugins.blog.models import Post
from plugins.blog.policies import PostPolicy
from tests.contrib.admin.cabinet.models import Paper
from tests.contrib.admin.cabinet.policies import KEEPS_REMARKS

PAPERS = "/cabinet/paper"


def told(page) -> bool:
    """Return whether a page holds a remark, or the length of one."""
    assert page.status_code in {200, 303, 400, 403, 404, 422}, page.text
    return "zz" in page.text.lower()


async def stored(session, paper) -> Paper | None:
    found = await session.get(Paper, paper.id, populate_existing=True)
    await session.commit()  # SQLite lets nobody write whose snapshot is older
    return found


async def test_no_page_holds_or_names_what_is_hidden(cabinet, session):
    paths = ("", "{low}/", "{low}/change/", "add/", "{low}/delete/", "export/csv/")
    pages = [f"{PAPERS}/{path.format(low=cabinet.low.id)}" for path in paths]
    for path in pages:
        page = await cabinet.office.get(path)
        assert page.status_code == 200, path
        assert not told(page), path
        assert "remark" not in page.text.lower().replace("loud remark", "").replace("loud_remark", ""), path
    await grants.grant(session, cabinet.clara, [KEEPS_REMARKS])
    await session.commit()
    for path in pages:
        page = await cabinet.office.get(path)
        assert "remark" in page.text.lower() or told(page), path


QUERIES = (
    {"search": "zzalpha"},
    {"search": "zzdelta"},
    {"remark": "zzalpha"},
    {"remark": "b", "remark_op": "starts_with"},
    {"remark_length": "7"},
    {"remarks": "zzbeta"},
    {"sortBy": "remark"},
    {"sortBy": "remark_length"},
    {"sortBy": "origin"},
    {"origin_id": "1"},
)


async def test_no_search_filter_or_order_tells_what_is_hidden(cabinet, session):
    answers = []
    for one, other in (("zzalpha", "zzbeta"), ("zzbbbbbbbb", "zzaa")):
        cabinet.low.remark, cabinet.mine.remark = one, other
        cabinet.foreign.remark, cabinet.high.remark = other, one
        session.add_all([cabinet.low, cabinet.mine, cabinet.foreign, cabinet.high])
        await session.commit()
        pages = [await cabinet.office.get(f"{PAPERS}/", **query) for query in QUERIES]
        for query, page in zip(QUERIES, pages, strict=True):
            # What was asked for stays in its form.
            assert not told(page) or any("zz" in asked for asked in query.values()), query
        answers.append([(page.status_code, page.text) for page in pages])
    for query, before, after in zip(QUERIES, *answers, strict=True):
        assert before == after, query


async def test_a_filter_by_what_is_hidden_is_refused_and_not_left_out_with_all_rows_shown(cabinet, session):
    for query in ({"remark": "x"}, {"remark_length": "7"}, {"remarks": "zzbeta"}, {"where": "remark = zzbeta"}):
        page = await cabinet.office.get(f"{PAPERS}/", **query)
        assert (page.status_code, "Select Paper" in page.text) == (400, False), query
        page = await cabinet.office.get(f"{PAPERS}/export/csv/", **query)
        assert page.status_code == 400, query
    every = {"select_across": "1", "confirmed": "yes"}
    refused = await cabinet.office.post(f"{PAPERS}/delete/?remark=zzbeta", every)
    assert (refused.status_code, await session.scalar(select(func.count()).select_from(Paper))) == (400, 5)
    await session.commit()
    assert (await cabinet.office.get(f"{PAPERS}/", remark="", remarks="all", remark_op="=")).status_code == 200
    found = await cabinet.office.get("/cabinet/told-papers/", search="anything")
    assert "Select Paper" in found.text  # a list without search fields is not searched


async def test_a_shared_view_that_filters_by_what_one_may_not_read_is_not_offered(cabinet, session, make_user):
    other = await make_user(username="keeper", is_staff=True)
    await cabinet.office.post(f"{PAPERS}/views/?folder_empty=no", {"name": "Filed"})
    called = await session.scalar(select(SavedView.list_name))
    queries = {"By title": "folder_empty=no", "By remark": "remark=zzsecret", "Nested": "where=remark+%3D+zzsecret"}
    rows = [
        SavedView(user_id=owner.id, list_name=called, name=name, query=query, columns=[], is_shared=True)
        for owner in (other, cabinet.clara)
        for name, query in queries.items()
    ]
    session.add_all(rows)
    await session.commit()
    page = (await cabinet.office.get(f"{PAPERS}/")).text
    offered = re.findall(r'class="list-view(?: active)?"[^>]*>([\w ]+?) ?<', page)
    assert offered == ["All", "By remark", "By title", "Filed", "Nested", "By title"]
    own = next(one for one in rows if one.name == "By remark" and one.user_id == cabinet.clara.id)
    followed = await cabinet.office.get(f"{PAPERS}/", remark="zzsecret", view=str(own.id))
    assert followed.headers["location"] == f"/admin{PAPERS}/?view={own.id}"
    assert "does not fit this list any more" in (await cabinet.office.get(f"{PAPERS}/", view=str(own.id))).text
    await grants.grant(session, cabinet.clara, [KEEPS_REMARKS])
    await session.commit()
    page = (await cabinet.office.get(f"{PAPERS}/")).text
    assert page.count(">By remark") == page.count(">Nested") == 2


async def test_a_lookup_neither_finds_by_what_is_hidden_nor_names_it(cabinet):
    by_title = await cabinet.office.get(f"{PAPERS}/lookup/", name="origin", term="low")
    assert [one["text"] for one in by_title.json()["results"]] == [f"Paper {cabinet.low.id}"]
    by_remark = await cabinet.office.get(f"{PAPERS}/lookup/", name="origin", term="zz")
    assert by_remark.json()["results"] == []


async def test_a_title_that_would_tell_what_is_hidden_is_kind_and_key(cabinet, session):
    page = await cabinet.office.get(f"{PAPERS}/{cabinet.low.id}/")
    assert f"Paper {cabinet.low.id}" in page.text
    assert f"Paper {cabinet.foreign.id}" in page.text  # where it comes from
    saved = await cabinet.office.submit(f"{PAPERS}/{cabinet.low.id}/change/", {"title": "New"})
    assert saved.status_code == 303
    page = await cabinet.office.get("/")
    assert f"Paper {cabinet.low.id} was saved." in page.text
    refused = await cabinet.office.submit(f"{PAPERS}/{cabinet.low.id}/change/", {"title": "x" * 60})
    assert refused.status_code == 400
    assert not told(refused)
    await cabinet.office.post(f"{PAPERS}/delete/", {"pks": [str(cabinet.low.id)], "confirmed": "yes"})
    assert f"Paper {cabinet.low.id} was deleted." in (await cabinet.office.get("/")).text


async def test_a_forged_form_writes_neither_what_is_hidden_nor_what_is_read_only(cabinet, session):
    page = await cabinet.office.get(f"{PAPERS}/{cabinet.low.id}/change/")
    assert 'name="level"' in page.text
    assert "readonly" in page.text
    forged = {"remark": "forged", "level": "2", "title": "New"}
    assert (await cabinet.office.submit(f"{PAPERS}/{cabinet.low.id}/change/", forged)).status_code == 303
    paper = await stored(session, cabinet.low)
    assert (paper.title, paper.remark, paper.level) == ("New", "zzalpha", 0)
    forged |= {"title": "Made", "owner": str(cabinet.clara.id)}
    assert (await cabinet.office.submit(f"{PAPERS}/add/", forged)).status_code == 303
    made = await session.get(Paper, cabinet.high.id + 1)
    assert (made.title, made.remark, made.level) == ("Made", "", 0)


async def test_who_may_writes_what_others_may_not(cabinet, session):
    await grants.grant(session, cabinet.clara, [KEEPS_REMARKS])
    await session.commit()
    given = {"remark": "new", "level": "2"}
    assert (await cabinet.office.submit(f"{PAPERS}/{cabinet.low.id}/change/", given)).status_code == 303
    paper = await stored(session, cabinet.low)
    assert (paper.remark, paper.level) == ("new", 2)


async def test_a_change_of_what_is_hidden_does_not_show_in_the_version_of_a_form(cabinet, session):
    path = f"{PAPERS}/{cabinet.low.id}/change/"
    before = await cabinet.office.get(path)
    cabinet.low.remark = "zzother"
    session.add(cabinet.low)
    await session.commit()
    assert (await cabinet.office.get(path)).text == before.text


async def test_a_default_order_by_what_is_hidden_is_that_of_the_keys(cabinet, session):
    page = (await cabinet.office.get("/cabinet/sorted-papers/")).text
    places = [page.index(f"Select Paper {one.id}") for one in (cabinet.low, cabinet.mine, cabinet.locked)]
    assert places == sorted(places)
    await grants.grant(session, cabinet.clara, [KEEPS_REMARKS])
    await session.commit()
    page = (await cabinet.office.get("/cabinet/sorted-papers/")).text
    assert re.findall(r"Select (\w+) \(", page) == ["Locked", "Foreign", "Mine", "Low"]


async def test_an_index_of_words_in_what_is_hidden_is_not_searched(cabinet, session, app):
    class TitlesOnly(PostPolicy):
        def hidden(self, viewer: object) -> frozenset[str]:
            return frozenset({"content"})

    POLICIES.get(app).registered[Post] = TitlesOnly()
    session.add(Post(title="Harbour", content="Lighthouse", author_id=cabinet.clara.id, is_published=True))
    await grants.grant(session, cabinet.clara, ["blog.view_post"])
    await session.commit()
    for term, found in (("harbour", True), ("lighthouse", False)):
        page = await cabinet.office.get("/blog/post/", search=term)
        assert ("Harbour" in page.text) is found
        assert "Lighthouse" not in page.text


async def test_what_is_computed_of_what_is_hidden_shows_a_dash_in_lists_exports_and_forms(cabinet, session):
    edit = f"/cabinet/told-papers/{cabinet.low.id}/change/"
    paths = (edit, "/cabinet/told-papers/", "/cabinet/told-papers/export/csv/")
    refused = await cabinet.office.submit(edit, {"title": "", "remark": "forged", "level": "2", "told": "forged"})
    assert refused.status_code == 400  # the whole row was loaded then, since it was to be changed
    pages = [refused, *[await cabinet.office.get(path) for path in paths]]
    assert [page.status_code for page in pages[1:]] == [200, 200, 200]
    assert [told(page) for page in pages] == [False] * 4
    assert "zz" not in "".join(page.text for page in pages)
    await cabinet.office.submit(edit, {"title": "Lower", "remark": "forged", "level": "2"})
    paper = await stored(session, cabinet.low)
    assert (paper.title, paper.remark, paper.level) == ("Lower", "zzalpha", 0)
    await grants.grant(session, cabinet.clara, [KEEPS_REMARKS])
    await session.commit()
    for path in paths:
        assert "zzalpha and zzdelta" in (await cabinet.office.get(path)).text, path

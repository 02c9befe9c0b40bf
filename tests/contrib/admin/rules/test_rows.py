"""The policy of a model decides about rows at every door of the back office, as the member of a group finds it."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from dovetail.contrib.admin.presence.models import Presence
from dovetail.contrib.admin.rules.rules import Rules
from dovetail.contrib.auth.permissions import grants
from dovetail.errors import PermissionDeniedError
from dovetail.resources.policies.registered import Policies
from dovetail.resources.policy import ReadOnly
from tests.contrib.admin.cabinet.models import Clip, Paper
from tests.contrib.admin.cabinet.policies import PaperPolicy

PAPERS = "/cabinet/paper"
SEEN, UNSEEN = {"Low", "Mine", "Locked", "Foreign"}, {"High"}


def titles(page) -> set[str]:
    assert page.status_code == 200, page.text
    return {title for title in SEEN | UNSEEN if re.search(rf">\s*{title}\s*<", page.text)}


async def stored(session, paper) -> Paper | None:
    found = await session.get(Paper, paper.id, populate_existing=True)
    await session.commit()  # SQLite lets nobody write whose snapshot is older
    return found


async def test_a_list_a_count_an_export_and_a_search_have_the_rows_that_may_be_viewed(cabinet):
    page = await cabinet.office.get(f"{PAPERS}/")
    assert titles(page) == SEEN
    assert "4 of 4" in page.text
    export = (await cabinet.office.get(f"{PAPERS}/export/csv/")).text
    assert {line.partition(",")[0] for line in export.splitlines()[1:]} == SEEN
    assert titles(await cabinet.office.get(f"{PAPERS}/", search="high")) == set()
    assert titles(await cabinet.office.get(f"{PAPERS}/", sortBy="title")) == SEEN


async def test_a_row_that_may_not_be_viewed_is_as_one_that_is_not_there(cabinet):
    for path in ("", "change/"):
        hidden = await cabinet.office.get(f"{PAPERS}/{cabinet.high.id}/{path}")
        absent = await cabinet.office.get(f"{PAPERS}/999999/{path}")
        assert (hidden.status_code, hidden.text) == (absent.status_code, absent.text)
        assert hidden.status_code == 404
    for key in (cabinet.high.id, 999999):
        await cabinet.office.post(f"{PAPERS}/delete/", {"pks": [str(key)], "confirmed": "yes"})
        assert "1 of 1 selected are not there any more" in (await cabinet.office.get(f"{PAPERS}/")).text


async def test_each_row_says_what_may_be_done_with_it_and_other_rows_refuse(cabinet):
    listed = (await cabinet.office.get(f"{PAPERS}/")).text
    for paper, edit, delete in ((cabinet.low, 200, 200), (cabinet.mine, 200, 403), (cabinet.locked, 403, 403)):
        key = paper.id
        shown = (await cabinet.office.get(f"{PAPERS}/{key}/")).text
        for page in (listed, shown):
            assert (f"/{key}/change/" in page) is (edit == 200), paper.title
            assert (f"/{key}/delete/" in page) is (delete == 200), paper.title
        form = await cabinet.office.get(f"{PAPERS}/{key}/change/")
        assert form.status_code == edit, paper.title
        assert (f"/{key}/delete/" in form.text) is (delete == 200), paper.title
        assert edit == 200 or "This paper is not yours to change." in form.text
        assert (await cabinet.office.get(f"{PAPERS}/delete/", pks=str(key))).status_code == delete, paper.title


async def test_a_forged_change_of_a_row_that_may_be_viewed_only_changes_nothing(cabinet, session):
    answer = await cabinet.office.post(f"{PAPERS}/{cabinet.foreign.id}/change/", {"title": "Taken", "save": "list"})
    assert answer.status_code == 403
    assert (await stored(session, cabinet.foreign)).title == "Foreign"


async def test_nobody_is_said_to_edit_a_row_that_they_may_look_at_only(cabinet, session):
    path = f"/cabinet/paper/{cabinet.foreign.id}/"
    assert (await cabinet.office.get(f"{path}change/")).status_code == 403
    assert (await cabinet.office.post(f"{path}presence/", {"editing": "1"})).status_code == 404
    assert (await session.scalars(select(Presence))).all() == []
    await session.commit()
    assert (await cabinet.office.post(f"{path}presence/", {"editing": "0"})).status_code == 200
    assert [one.is_editing for one in await session.scalars(select(Presence))] == [False]


async def test_a_row_has_to_fulfil_the_rule_as_it_is_afterwards(cabinet, session):
    other = str(cabinet.foreign.owner_id)
    answer = await cabinet.office.submit(f"{PAPERS}/{cabinet.low.id}/change/", {"owner": other})
    assert answer.status_code == 403
    assert "This paper is not yours to change." in answer.text
    assert (await stored(session, cabinet.low)).owner_id == cabinet.clara.id
    answer = await cabinet.office.submit(f"{PAPERS}/add/", {"title": "Gift", "owner": other})
    assert answer.status_code == 403
    assert "This paper is not yours to add." in answer.text
    assert await session.scalar(select(Paper).where(Paper.title == "Gift")) is None
    await session.commit()
    answer = await cabinet.office.submit(f"{PAPERS}/add/", {"title": "Own", "owner": str(cabinet.clara.id)})
    assert answer.status_code == 303, answer.text
    assert await session.scalar(select(Paper).where(Paper.title == "Own"))


async def test_several_rows_are_deleted_only_if_each_may_be(cabinet, session):
    keys = [str(cabinet.low.id), str(cabinet.mine.id)]
    answer = await cabinet.office.post(f"{PAPERS}/delete/", {"pks": keys, "confirmed": "yes"})
    assert answer.status_code == 403
    assert await stored(session, cabinet.low)
    await cabinet.office.post(f"{PAPERS}/delete/", {"pks": keys[:1], "confirmed": "yes"})
    assert await stored(session, cabinet.low) is None


@pytest.mark.parametrize("by", ["", "-together"])
async def test_an_action_follows_the_rule_of_its_name_or_that_to_change(cabinet, session, by):
    for name, paper, status in (
        (f"stamp{by}", cabinet.mine, 303),
        (f"stamp{by}", cabinet.foreign, 403),  # of level 2, and only those of level 1 may be stamped
        ("lift-as-stamped", cabinet.low, 403),
        ("lift-as-stamped", cabinet.mine, 303),
        (f"raise{by}", cabinet.low, 303),
        (f"raise{by}", cabinet.foreign, 403),
        ("view", cabinet.foreign, 403),  # it may be viewed, and an action may do anything with it
    ):
        sent = await cabinet.office.post(f"{PAPERS}/action/{name}/", {"pks": [str(paper.id)]})
        assert sent.status_code == status, (name, paper.title)
    assert (await stored(session, cabinet.mine)).title == "Mine stamped"
    assert (await stored(session, cabinet.low)).level == 2
    assert (await stored(session, cabinet.foreign)).level == 2


@pytest.mark.parametrize("by", ["", "-together"])
async def test_an_action_that_follows_the_rule_to_change_leaves_rows_that_fulfil_it(cabinet, session, by):
    for level in (3, 3):  # to 5, of which the rule says no
        cabinet.mine.level = level
        session.add(cabinet.mine)
        await session.commit()
        await cabinet.office.post(f"{PAPERS}/action/raise{by}/", {"pks": [str(cabinet.mine.id)]})
    assert "Nothing was done. This paper is not yours to change." in (await cabinet.office.get("/")).text
    assert (await stored(session, cabinet.mine)).level == 3


async def test_the_page_of_a_row_offers_the_actions_that_may_be_done_with_it(cabinet):
    mine = (await cabinet.office.get(f"{PAPERS}/{cabinet.mine.id}/")).text
    assert "/action/stamp" in mine
    assert "/action/raise" in mine
    foreign = (await cabinet.office.get(f"{PAPERS}/{cabinet.foreign.id}/")).text
    assert "/action/" not in foreign


async def test_relations_show_find_filter_and_take_what_may_be_viewed(cabinet, session):
    page = await cabinet.office.get(f"{PAPERS}/")
    assert "Open folder" in page.text
    assert "Closed folder" not in page.text
    lookup = await cabinet.office.get(f"{PAPERS}/lookup/", name="folder", term="folder")
    assert [one["text"] for one in lookup.json()["results"]] == ["Open folder"]
    assert titles(await cabinet.office.get(f"{PAPERS}/", search="closed")) == set()
    assert titles(await cabinet.office.get(f"{PAPERS}/", folder=str(cabinet.closed.id))) == set()
    assert titles(await cabinet.office.get(f"{PAPERS}/", folder=str(cabinet.open.id))) == SEEN - {"Mine"}
    sent = await cabinet.office.submit(f"{PAPERS}/{cabinet.low.id}/change/", {"folder": str(cabinet.closed.id)})
    assert sent.status_code == 422
    sent = await cabinet.office.submit(f"{PAPERS}/{cabinet.low.id}/change/", {"origin": str(cabinet.high.id)})
    assert sent.status_code == 422
    assert (await stored(session, cabinet.low)).folder_id == cabinet.open.id
    # What is chosen and may not be seen stays.
    assert (await cabinet.office.submit(f"{PAPERS}/{cabinet.mine.id}/change/", {"title": "New"})).status_code == 303
    assert (await stored(session, cabinet.mine)).folder_id == cabinet.closed.id


async def test_a_filter_by_what_is_empty_does_not_tell_of_what_may_not_be_viewed(cabinet, session):
    listed = f"{PAPERS}/"
    assert titles(await cabinet.office.get(listed, folder_empty="yes")) == {"Mine"}
    assert titles(await cabinet.office.get(listed, folder_empty="no")) == SEEN - {"Mine"}
    assert titles(await cabinet.office.get(listed, origin_empty="no")) == {"Low"}  # that of Mine is High
    assert titles(await cabinet.office.get(listed, origin_empty="yes")) == SEEN - {"Low"}
    assert "Open folder" not in (await cabinet.office.get("/cabinet/folder/", papers_empty="yes")).text
    await session.execute(update(Paper).where(Paper.title != "High").values(folder_id=cabinet.closed.id))
    await session.commit()
    assert "Open folder" in (await cabinet.office.get("/cabinet/folder/", papers_empty="yes")).text


async def test_a_folder_neither_shows_nor_moves_papers_that_may_not_be_seen_or_changed(cabinet, session):
    await grants.grant(session, cabinet.clara, ["cabinet.change_folder"])
    await session.commit()
    page = await cabinet.office.get(f"/cabinet/folder/{cabinet.open.id}/")
    assert "Foreign" in page.text
    assert "High" not in page.text
    path, own = f"/cabinet/folder/{cabinet.open.id}/change/", [str(cabinet.low.id), str(cabinet.locked.id)]
    sent = await cabinet.office.submit(path, {"papers": own})
    assert sent.status_code == 403  # it would take Foreign out of its folder
    sent = await cabinet.office.submit(path, {"papers": [*own, str(cabinet.foreign.id), str(cabinet.mine.id)]})
    assert sent.status_code == 303, sent.text
    assert (await stored(session, cabinet.mine)).folder_id == cabinet.open.id
    assert (await stored(session, cabinet.foreign)).folder_id == cabinet.open.id
    assert (await stored(session, cabinet.high)).folder_id == cabinet.open.id


async def test_the_door_of_a_view_stays_the_permission_on_the_model(cabinet, session, make_user, back_office_for):
    user = await make_user(username="guest", is_staff=True)
    office = await back_office_for(user)
    assert (await office.get(f"{PAPERS}/")).status_code == 403
    await grants.grant(session, user, ["cabinet.view_paper"])
    await session.commit()
    assert titles(await office.get(f"{PAPERS}/")) == {"Low", "Mine", "Foreign"}
    assert (await office.get(f"{PAPERS}/add/")).status_code == 403


async def test_a_page_asks_the_rules_once_however_many_rows_there_are(cabinet, session, count_statements):
    counts = []
    for number in (0, 20):
        session.add_all([Paper(title=f"More {n}", owner_id=cabinet.clara.id) for n in range(number)])
        await session.commit()
        with count_statements() as statements:
            assert (await cabinet.office.get(f"{PAPERS}/", pageSize="50")).status_code == 200
        counts.append(len(statements))
    assert counts == [counts[0]] * 2
    assert sum("may_0" in statement for statement in statements) == 1


async def test_a_page_asks_a_policy_once_whatever_it_shows_of_a_model(cabinet, monkeypatch):
    asked: Counter[object] = Counter()

    def count(name: str, hook: Callable[..., object]) -> Callable[..., object]:
        def counting(self: PaperPolicy, *arguments: object) -> object:
            asked[(name, *arguments[1:])] += 1
            return hook(self, *arguments)

        return counting

    assert (await cabinet.office.get(f"{PAPERS}/")).status_code == 200  # which finds out what actions follow
    for name in ("where", "related", "hidden"):
        monkeypatch.setattr(PaperPolicy, name, count(name, getattr(PaperPolicy, name)))
    for path in ("", f"{cabinet.low.id}/", f"{cabinet.low.id}/change/", "export/csv/"):
        asked.clear()
        assert (await cabinet.office.get(f"{PAPERS}/{path}")).status_code == 200
        assert asked[("where", "view")] == asked[("hidden",)] == 1
        assert max(asked.values()) == 1, (path, asked)


async def test_a_relation_to_a_model_without_a_view_shows_what_policies_say_of_it(cabinet, session):
    places = {"paper_id": cabinet.low.id, "folder_id": cabinet.open.id}
    session.add_all([Clip(name="Public clip", is_public=True, **places), Clip(name="Private clip", **places)])
    await session.commit()
    paper = (await cabinet.office.get(f"{PAPERS}/{cabinet.low.id}/")).text
    assert "Public clip" in paper  # as the policy of papers says
    assert "Private clip" not in paper
    folder = f"/cabinet/folder/{cabinet.open.id}/"
    assert " clip" not in (await cabinet.office.get(folder)).text  # of which no policy says anything: closed
    await grants.grant(session, cabinet.clara, ["cabinet.view_clip"])
    await session.commit()
    assert (await cabinet.office.get(folder)).text.count(" clip<") == 2
    assert "Private clip" not in (await cabinet.office.get(f"{PAPERS}/{cabinet.low.id}/")).text


async def test_who_may_not_view_users_names_themselves_all_the_same(cabinet, session):
    await grants.revoke(session, cabinet.clara, ["auth.view_user"])
    await session.commit()
    lookup = await cabinet.office.get(f"{PAPERS}/lookup/", name="owner", term="")
    assert [one["text"] for one in lookup.json()["results"]] == ["clara"]
    own = {"title": "Own", "owner": str(cabinet.clara.id)}
    assert (await cabinet.office.submit(f"{PAPERS}/add/", own)).status_code == 303
    other = {"title": "Gift", "owner": str(cabinet.foreign.owner_id)}
    assert (await cabinet.office.submit(f"{PAPERS}/add/", other)).status_code == 422


async def test_the_hooks_that_policies_had_are_asked_until_they_go(make_user):
    with pytest.warns(DeprecationWarning, match="may_update"):

        class Old(ReadOnly[Paper]):
            def may_update(self, viewer: object, item: Paper, changes: frozenset[str]) -> None:
                if item.title == "Sealed":
                    raise PermissionDeniedError("It is sealed.")

    rules = Rules(await make_user(username="dora"), Policies({Paper: Old()}), {})
    await rules.check(None, Paper, "change", [Paper(id=1, title="Open")])
    with pytest.raises(PermissionDeniedError, match="It is sealed"):
        await rules.check(None, Paper, "change", [Paper(id=2, title="Sealed")])

"""Related objects are chosen by typing, by key and in boxes, and hooks say by request what a field is."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from dovetail.contrib.admin.checks.forms.relation_checks import find_unsearchable
from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.media import find_unfit_media, media_folders
from tests.contrib.admin.guild.models import Crafter, Rank, Skill, Town, Workshop


async def stored(session, key: int) -> Workshop:
    options = (selectinload(Workshop.head), selectinload(Workshop.helpers), selectinload(Workshop.skills))
    found = await session.scalar(
        select(Workshop).where(Workshop.id == key).options(*options).execution_options(populate_existing=True)
    )
    await session.commit()
    return found


async def texts(office, identity: str, **asked: str) -> list[str]:
    answer = await office.get(f"/guild/{identity}/lookup/", **asked)
    assert answer.status_code == 200, answer.text
    return [one["text"] for one in answer.json()["results"]]


def chosen(page: str, name: str) -> list[str]:
    return read_form(page)[name]


async def test_an_autocomplete_searches_as_the_related_view_does(office, session, workshop, count_statements):
    assert await texts(office, "workshop", name="head") == ["Ada", "Ben", "Cid"]
    assert await texts(office, "workshop", name="head", term="a") == ["Ada"]
    assert await texts(office, "workshop", name="skills") == ["Woodwork", "Weaving", "Glass"]
    assert await texts(office, "workshop", name="skills", term="w") == ["Woodwork", "Weaving"]
    assert await texts(office, "workshop", name="skills", term="eaving") == []
    session.add_all([Crafter(name=f"Zoe {number:02}") for number in range(30)])
    await session.commit()
    with count_statements() as statements:
        answer = (await office.get("/guild/workshop/lookup/", name="head", term="zoe")).json()
    assert (len(answer["results"]), answer["pagination"], answer["searchable"]) == (20, {"more": True}, True)
    assert len(statements) == 2  # who is there, and whom they may choose
    rest = (await office.get("/guild/workshop/lookup/", name="head", term="zoe", page="2")).json()
    assert [rest["results"][0]["text"], rest["pagination"]["more"]] == ["Zoe 20", False]
    for page in ("0", "x", "501", "-1"):
        assert (await office.get("/guild/workshop/lookup/", name="head", page=page)).status_code == 400, page


async def test_a_form_saves_what_was_chosen_by_typing_and_by_key(office, session, workshop, named):
    path = f"/guild/workshop/{workshop.id}/change/"
    glass, delft = await named(Skill, "Glass"), await named(Town, "Delft")
    answer = await office.submit(path, {"skills": ["", glass], "town": delft})
    assert answer.status_code == 303, answer.text
    saved = await stored(session, workshop.id)
    assert ([one.name for one in saved.skills], saved.town_id, saved.head.name) == (["Glass"], int(delft), "Ada")
    page = (await office.get(path)).text
    assert chosen(page, "town") == ["", delft]
    assert re.search(r'data-titles-of="field-town">Delft<', page)
    for unknown in ("999999", "x", "1,2"):
        refused = await office.submit(path, {"town": unknown})
        assert refused.status_code == 422, unknown
        assert "This choice is not there any more." in refused.text
    assert (await office.submit(path, {"town": ""})).status_code == 303
    assert (await stored(session, workshop.id)).town_id is None


async def test_keys_are_looked_up_even_where_the_related_view_does_not_search(office, workshop):
    answer = (await office.get("/guild/workshop/lookup/", name="town", term="delft")).json()
    assert ([one["text"] for one in answer["results"]], answer["searchable"]) == (["Bruges", "Delft"], False)
    key = answer["results"][1]["id"]
    assert await texts(office, "workshop", name="town", key=key) == ["Delft"]


async def test_several_keys_are_typed_with_commas_between(office, session, workshop, named):
    ben, cid = await named(Crafter, "Ben"), await named(Crafter, "Cid")
    answer = await office.submit(f"/guild/raw/{workshop.id}/change/", {"helpers": f" {ben}, {cid},{ben},"})
    assert answer.status_code == 303, answer.text
    assert sorted(one.name for one in (await stored(session, workshop.id)).helpers) == ["Ben", "Cid"]
    page = (await office.get(f"/guild/raw/{workshop.id}/change/")).text
    assert sorted(chosen(page, "helpers")[-1].split(",")) == sorted([ben, cid])
    assert (await office.submit(f"/guild/raw/{workshop.id}/change/", {"helpers": ""})).status_code == 303
    assert (await stored(session, workshop.id)).helpers == []


async def test_boxes_hold_what_is_chosen(office, session, workshop, named):
    page = (await office.get(f"/guild/boxed/{workshop.id}/change/")).text
    assert re.findall(r'data-direction="(\w+)"', page) == ["horizontal", "vertical"]
    (weaving,) = (one for one in workshop.skills if one.name == "Weaving")
    assert chosen(page, "skills") == ["", str(weaving.id)]
    ben = await named(Crafter, "Ben")
    answer = await office.submit(f"/guild/boxed/{workshop.id}/change/", {"skills": "", "helpers": ["", ben]})
    assert answer.status_code == 303, answer.text
    saved = await stored(session, workshop.id)
    assert ([*saved.skills], [one.name for one in saved.helpers]) == ([], ["Ben"])


async def test_hooks_narrow_what_is_found_and_what_is_saved(office, session, workshop, named):
    assert await texts(office, "asked", name="head") == ["Ada", "Cid"]
    assert await texts(office, "asked", name="helpers") == ["Ada", "Ben"]
    ben, cid = await named(Crafter, "Ben"), await named(Crafter, "Cid")
    for forged in ({"head": ben}, {"helpers": ["", cid]}):
        refused = await office.submit(f"/guild/asked/{workshop.id}/change/", forged)
        assert (refused.status_code, "This choice is not there any more." in refused.text) == (422, True)
    assert (await office.submit(f"/guild/asked/{workshop.id}/change/", {"head": cid})).status_code == 303
    assert (await stored(session, workshop.id)).head.name == "Cid"


async def test_saving_looks_up_no_more_than_what_was_chosen_anew(office, session, workshop, named, count_statements):
    path = f"/guild/asked/{workshop.id}/change/"
    workshop.head_id = int(await named(Crafter, "Ben"))  # who may not be chosen, and stays
    await session.commit()
    form, glass = read_form((await office.get(path)).text), await named(Skill, "Glass")

    async def reads(**changes: object) -> list[int]:
        """Save the form, and return how often crafters and skills are read: once each relation to show the form."""
        with count_statements() as statements:
            answer = await office.client.post(f"{office.root}{path}", data={**form, "save": "list", **changes})
        assert answer.status_code == 303, answer.text
        selects = [one for one in statements if one.startswith("SELECT")]
        return [sum(f"{table}.id" in one for one in selects) for table in ("guild_crafter", "guild_skill")]

    assert await reads(name="Shuttles") == [2, 1]
    form = read_form((await office.get(path)).text)
    assert await reads(skills=[*form["skills"], glass]) == [2, 2]
    saved = await stored(session, workshop.id)
    assert (saved.name, saved.head.name) == ("Shuttles", "Ben")
    assert sorted(one.name for one in saved.skills) == ["Glass", "Weaving"]


async def test_hooks_choose_the_field_by_who_asks(office, desk, session, workshop):
    theirs, mine = [(await who.get(f"/guild/asked/{workshop.id}/change/")).text for who in (desk, office)]
    for page, role in ((mine, "autocomplete"), (theirs, "raw-id")):
        assert re.search(r'<[^>]*id="field-helpers"[^>]*>', page)[0].count(f'data-role="{role}"') == 1
        assert "About it</label>" in page
    assert re.findall(r'<option[^>]*value="(\w+)">([^<]+)</option>', theirs)[-2:] == [
        ("apprentice", "Beginner"),
        ("journeyman", "Journeyman"),
    ]
    assert 'value="master"' in mine
    assert (await desk.submit(f"/guild/asked/{workshop.id}/change/", {"rank": "master"})).status_code == 400
    assert (await office.submit(f"/guild/asked/{workshop.id}/change/", {"rank": "master"})).status_code == 303
    kept = await desk.get(f"/guild/asked/{workshop.id}/change/")  # what is not offered to them stays chosen
    assert chosen(kept.text, "rank") == ["master"]
    assert (await desk.submit(f"/guild/asked/{workshop.id}/change/", {"name": "Looms"})).status_code == 303
    assert (await stored(session, workshop.id)).rank is Rank.MASTER


async def test_fields_are_replaced_by_the_type_of_their_column(office, session, workshop):
    page = (await office.get(f"/guild/workshop/{workshop.id}/change/")).text
    assert re.search(r'<textarea[^>]*id="field-about"[^>]*rows="7"|rows="7"[^>]*id="field-about"', page)
    assert "A few words" not in page.split('id="field-about"')[0]  # what is said of a name stands before its type
    assert (await office.submit(f"/guild/workshop/{workshop.id}/change/", {"about": "Many"})).status_code == 303
    assert (await stored(session, workshop.id)).about == "Many"


async def test_pages_load_the_files_of_their_view(office, workshop):
    for path in ("", "add/", f"{workshop.id}/change/", f"{workshop.id}/"):
        page = (await office.get(f"/guild/workshop/{path}")).text
        assert '<link rel="stylesheet" href="/admin/media/guild/sign.css">' in page, path
        assert '<link rel="stylesheet" href="/admin/media/guild/sign.css" media="print">' in page, path
        assert '<script src="/admin/media/guild/sign.js"></script>' in page, path
    answer = await office.get("/media/guild/sign.js")
    assert (answer.status_code, "max-age" in answer.headers["cache-control"]) == (200, True)
    assert "media/guild" not in (await office.get("/guild/boxed/")).text


async def test_an_autocomplete_without_a_search_behind_it_is_refused_at_the_start():
    class ShopAdmin(ModelAdmin, model=Workshop):
        list_display = fields = ("name",)
        autocomplete_fields = ("town", "head")

    class PlaceAdmin(ModelAdmin, model=Town):
        list_display = fields = ("name",)

    found = list(find_unsearchable([ShopAdmin, PlaceAdmin]))
    assert "names 'town', and PlaceAdmin of Town has no search_fields; add them, or say what to search" in found[0]
    assert "names 'head', and no view shows Crafter; add one, or say what to search" in found[1]


@pytest.mark.parametrize(
    ("media", "words"),
    [
        ({"js": ("guild/nope.js",)}, "which is not there; put it into"),
        ({"js": ("https://cdn.example/x.js",)}, "pages load nothing from elsewhere"),
        ({"js": ("guild/../plugin.py",)}, "pages load nothing from elsewhere"),
        ({"js": ("nobody/x.js",)}, "which is of no plugin"),
        ({"js": ("guild/module.js",)}, "which imports or exports as modules do; call it 'guild/module.mjs'"),
        ({"js": "guild/sign.js"}, "expected a tuple"),
        ({"css": ("guild/sign.css",)}, "expected a dict"),
        ({"scripts": ()}, "Media has 'scripts', expected css and js"),
    ],
)
def test_files_that_no_page_could_load_are_refused_at_the_start(media, words, tmp_path):
    folders = media_folders(["tests.contrib.admin.guild"], tmp_path)
    (tmp_path / "guild").mkdir()
    (tmp_path / "guild" / "module.js").write_text('// Says when.\nimport {\n  gettext\n} from "./texts.js";\n')
    (problem,) = find_unfit_media(ModelAdmin, type("Media", (), media), folders)
    assert words in problem


async def test_a_field_counts_only_where_another_has_one_of_some_values(office, session, workshop, named):
    path, delft = f"/guild/conditional/{workshop.id}/change/", await named(Town, "Delft")
    page = (await office.get(path)).text
    assert "&#34;name&#34;: &#34;rank&#34;, &#34;values&#34;: [&#34;master&#34;, &#34;journeyman&#34;]" in page
    forged = {"about": "forged", "town": delft}
    assert (await office.submit(path, {"rank": "apprentice", **forged})).status_code == 303
    saved = await stored(session, workshop.id)
    assert (saved.rank, saved.about, saved.town_id) == (Rank.APPRENTICE, "", None)
    assert (await office.submit(path, {"rank": "apprentice", "about": ""})).status_code == 303
    assert (await office.submit(path, {"rank": "journeyman", "about": ""})).status_code == 400
    assert (await office.submit(path, {"rank": "master", **forged})).status_code == 303
    saved = await stored(session, workshop.id)
    assert (saved.about, saved.town_id) == ("forged", int(delft))


async def test_a_new_object_may_be_named_by_a_relation_that_its_form_does_not_have(office, session, monkeypatch):
    monkeypatch.setattr(Workshop, "__str__", lambda workshop: f"{workshop.name} of {workshop.town}")
    answer = await office.submit("/guild/boxed/add/", {"name": "Kilns"})
    assert answer.status_code == 303, answer.text
    assert "Kilns of None was saved." in (await office.get("/guild/boxed/")).text
    assert await session.scalar(select(Workshop.name)) == "Kilns"

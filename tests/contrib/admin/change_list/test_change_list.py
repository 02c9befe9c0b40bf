"""A view may answer for its list by a class of its own, and search as it likes; where actions stand, it says."""

from tests.contrib.admin.options.test_columns import titles


def tools(page) -> int:
    return page.text.count('class="btn-list selection-tools"')


async def test_a_list_may_be_answered_for_by_a_class_of_its_own(office, parcels, path_to):
    assert titles(await office.get(path_to("shelved"))) == ["Anvil", "Chair", "Dice"]
    exported = await office.get(path_to("shelved", "export", export_type="csv"))
    assert exported.text.splitlines()[1:] == ["Anvil,90", "Chair,7", "Dice,1"]


async def test_a_search_may_be_a_views_own(office, parcels, path_to):
    assert titles(await office.get(path_to("parcels"), search="7")) == ["Chair"]
    assert titles(await office.get(path_to("parcels"), search="chair")) == ["Chair"]


async def test_a_views_own_search_is_that_of_choices_and_of_the_palette_too(office, parcels, path_to):
    assert titles(await office.get(path_to("couriers"), search="Annabel")) == ["Ann"]
    for term, names in (("Annabel", ["Ann"]), ("Bob", []), ("", ["Ann"])):
        chosen = await office.get(path_to("shelved", "ajax_lookup"), name="courier", term=term)
        assert [one["text"] for one in chosen.json()["results"]] == names, term
    for term, names in (("Annabel", ["Ann"]), ("Bob", [])):
        groups = (await office.get("/palette", term=term)).json()["groups"]
        assert [one["text"] for group in groups for one in group["entries"] if group["title"] == "Objects"] == names


async def test_actions_stand_above_the_list_below_it_or_nowhere(office, parcels, path_to):
    both, below, nowhere = [await office.get(path_to(one)) for one in ("parcels", "couriers", "shelved")]
    assert [tools(page) for page in (both, below, nowhere)] == [2, 1, 0]
    assert below.text.index("selection-tools") > below.text.index("</table>")
    assert "select-box" not in nowhere.text
    assert both.text.count("selection-count") == 2
    assert "selection-count" not in below.text


async def test_a_query_too_long_for_the_links_of_each_row_is_refused_and_the_list_is_offered_without_it(office):
    assert (await office.get("/blog/post/", pageSize="200", colour="x" * 7_900)).status_code == 200
    refused = await office.get("/blog/post/", pageSize="200", colour="x" * 8_000)
    assert refused.status_code == 400
    assert "The filters in the address take 8,020 characters, of 8,000." in refused.text
    assert 'href="/admin/blog/post/"' in refused.text
    assert len(refused.text) < 8_000

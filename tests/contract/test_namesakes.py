"""Plugins whose classes are called the same: a site with all of them has a document that generators take."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import Settings
from dovetail.application import make_application
from dovetail.errors import ConfigurationError
from tests.contract.generated import run, write_document
from tests.contract.test_typescript import COMPILE, GENERATE

STOCK, SHOP, TWIN = "tests.namesakes.stock", "tests.namesakes.shop", "tests.namesakes.twin"
SITE = tuple(Settings.model_fields["plugins"].default)
PACKAGE = "namesakes_client"
CONSUMER = """
import type { components } from "./generated/api";

type Schemas = components["schemas"];

export const inStock: Schemas["StockTagReadOutput"] = { id: 1, name: "a", status: "ordered" };
export const inShop: Schemas["ShopTagReadOutput"] = { id: 1, name: "a", status: "reduced" };
export const item: Schemas["ItemInput"] = { tags: [{ id: 1, name: "a", status: "here" }], shelf: "top" };
export const dearItem: Schemas["ShopItemInput"] = { tags: [inShop], price: 3 };
export const page: Schemas["ShopTagPage"] = { items: [inShop], total: null, next: null, previous: null };
export const ofABlog: Schemas["TagRead"] = { id: 1, name: "a" };
export const trouble: Schemas["ShopProblem"] = { words: "Sold out." };
export const status = (problem: Schemas["Problem"]): number => problem.status;
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("namesakes")
    write_document(folder, PLUGINS=json.dumps([*SITE, STOCK, SHOP]))
    return folder


def document(make_settings, *plugins):
    return make_application(make_settings(plugins=plugins, database_url="sqlite:///:memory:")).openapi()


def test_a_python_client_is_generated_without_a_warning_and_knows_both(folder):
    said = run(
        *("openapi-python-client", "generate", "--path", folder / "openapi.json", "--meta", "none"),
        *("--output-path", folder / PACKAGE, "--fail-on-warning"),
        cwd=folder,
    )
    assert "warning" not in said.lower()
    program = (
        f"from {PACKAGE}.models import ItemOutput, ShopItemOutput, ShopStatus, ShopTagReadOutput, Status\n"
        f"from {PACKAGE}.api.shop import create_shop_item\n"
        "data = {'tags': [{'id': 1, 'name': 'a', 'status': 'reduced'}], 'price': 3}\n"
        "item = ShopItemOutput.from_dict(data)\n"
        "assert item.tags[0].status is ShopStatus.REDUCED and isinstance(item.tags[0], ShopTagReadOutput)\n"
        "assert {one.value for one in Status} == {'ordered', 'here'}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr


def test_typescript_that_uses_both_compiles(folder):
    said = run(*GENERATE, folder / "openapi.json", "--output", folder / "generated" / "api.ts", cwd=folder)
    assert "warn" not in said.lower()
    Path(folder, "consumer.ts").write_text(CONSUMER, encoding="utf-8")
    run(*COMPILE, "consumer.ts", "generated/api.ts", cwd=folder)


@pytest.mark.parametrize("first", [(STOCK,), SITE, (*SITE, STOCK)], ids=["one plugin", "the site", "both"])
def test_who_enables_one_plugin_more_renames_nothing_that_there_was(make_settings, first):
    before, after = document(make_settings, *first), document(make_settings, *first, SHOP)
    assert before["components"]["schemas"].items() <= after["components"]["schemas"].items()
    assert before["paths"].items() <= after["paths"].items()
    new = after["components"]["schemas"].keys() - before["components"]["schemas"].keys()
    assert {"ShopTagReadOutput", "ShopProblem", "ShopTagPage"} <= new


def test_a_name_says_which_class_it_is(make_settings):
    schemas = document(make_settings, STOCK, SHOP)["components"]["schemas"]
    assert {name for name, schema in schemas.items() if schema.get("title") != name} == set()
    assert schemas["ItemOutput"]["properties"].keys() == {"tags", "shelf"}
    assert schemas["ShopItemOutput"]["properties"].keys() == {"tags", "price"}
    assert schemas["ShopTagPage"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/ShopTagReadOutput"}
    assert schemas["Problem"]["properties"].keys() > {"type", "title", "status"}
    assert schemas["ShopProblem"]["properties"].keys() == {"words"}


def test_values_of_a_filter_are_those_of_its_own_plugin(make_settings):
    found = document(make_settings, STOCK, SHOP)
    for path, name in (("/api/stock_tags", "Status"), ("/api/shop_tags", "ShopStatus")):
        (status,) = [one for one in found["paths"][path]["get"]["parameters"] if one["name"] == "status"]
        assert status["schema"] == {"$ref": f"#/components/schemas/{name}"}


def test_two_resources_of_one_name_are_refused_once_with_what_to_do(make_settings):
    with pytest.raises(ConfigurationError) as caught:
        document(make_settings, STOCK, TWIN)
    assert str(caught.value) == (
        "the operation id 'bulk_create_stock_tags' is claimed by POST /api/stock_tags/bulk and "
        "POST /api/twins/bulk: two resources are called 'stock_tag'; give one of them another `name`"
    )

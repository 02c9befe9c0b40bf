"""docs/public-api.md lists all that sites and plugins import of the framework, as the code has it."""

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.public_api import PAGE, PUBLIC, deprecations, page, signatures
from tests.docs.reader import blocks
from tests.docs.released_api import broken_promises, released, unreleased_changes
from tests.running import ROOT

OWN = ("plugins", "project", "config")


def imports(source: str) -> Iterator[tuple[str, str]]:
    """The modules of the framework that a source imports, each with the name that is imported from it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dovetail"):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.startswith("dovetail"))


def sources(folder: str) -> Iterator[Path]:
    # What makemigrations writes into a revision is not written by anybody.
    yield from (path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def test_the_page_says_what_the_code_says():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.docs.public_api`"


def test_the_kernel_has_eight_modules_auth_three_and_another_plugin_one_and_none_lies_deep():
    counts = Counter(name.split(".")[2] if name.startswith("dovetail.contrib.") else "" for name in PUBLIC)
    assert counts.pop("") <= 8
    assert counts.pop("auth") <= 3
    assert set(counts.values()) == {1}
    assert [name for name in PUBLIC if name.count(".") > "dovetail.contrib.auth.x".count(".")] == []


def test_the_linter_lets_plugins_import_the_modules_of_the_page_and_no_other():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (contract,) = [one for one in contracts if one["type"] == "protected"]
    assert contract["protected_modules"] == ["dovetail"]
    assert contract["allowed_importers"] == []
    allowed = [one.removeprefix("** -> ") for one in contract["ignore_imports"] if one.startswith("** -> ")]
    assert sorted(allowed) == sorted(PUBLIC)
    assert len(contract["ignore_imports"]) == len(allowed) + 1  # and what revisions import


def test_what_was_released_changes_with_a_note_and_goes_only_after_a_warning():
    assert list(broken_promises(released(), signatures(), unreleased_changes())) == []


def test_a_name_that_changed_or_went_without_a_word_is_found():
    before = {"dovetail.shop.sell": "def sell()", "dovetail.shop.buy": "@deprecated('Use sell.')\ndef buy()"}
    now = {"dovetail.shop.sell": "def sell(price: int)"}
    changes = "- `buy` is gone. `sell` takes a price."

    assert list(broken_promises(before, before, "")) == []
    assert list(broken_promises(before, now, changes)) == []
    assert [line.partition(" is ")[0] for line in broken_promises(before, now, "")] == list(before)
    (never_warned,) = broken_promises(before, {"dovetail.shop.buy": before["dovetail.shop.buy"]}, changes)
    assert never_warned.startswith("dovetail.shop.sell is gone, and was not deprecated")


def test_what_is_deprecated_says_so_on_the_page():
    (function,) = ast.parse("@deprecated('Use sell.')\n@cache\ndef buy(): ...").body
    assert deprecations(function) == ["@deprecated('Use sell.')"]


def test_the_pages_teach_to_import_names_of_the_page_only():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    texts = [block.text for page in pages for block in blocks(page) if block.language == "python"]
    found = {pair for text in texts for pair in imports(text)}
    of_tests = {pair for pair in found if "testing" in pair[0].split(".")}  # fixtures and their types, as the page says
    assert of_tests
    assert sorted(pair for pair in found - of_tests if pair[1] not in PUBLIC.get(pair[0], ("", ()))[1]) == []


@pytest.mark.parametrize("folder", OWN)
def test_plugins_and_the_site_import_names_of_the_page_only(folder):
    found = {pair for path in sources(folder) for pair in imports(path.read_text(encoding="utf-8"))}
    assert sorted(pair for pair in found if pair[1] not in PUBLIC.get(pair[0], ("", ()))[1]) == []


def test_the_blog_needs_ten_modules_and_the_shop_of_the_readme_five():
    blog = {module for path in sources("plugins/blog") for module, _ in imports(path.read_text(encoding="utf-8"))}
    assert len(blog) <= 10
    files = [block.text for block in blocks(ROOT / "README.md") if block.text.startswith("# plugins/")]
    shop = {module for text in files for module, _ in imports(text)}
    assert files
    assert len(shop) <= 5

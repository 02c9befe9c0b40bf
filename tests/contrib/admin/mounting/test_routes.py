"""Pages that routes name, and the code of sections, to be imported when somebody asks for them."""

import ast
import inspect
import re
from pkgutil import resolve_name
from types import ModuleType

import pytest

from dovetail.contrib.admin.account import own_sections
from dovetail.contrib.admin.account.sections import AccountSection
from dovetail.contrib.admin.mounting import routes

NAME = re.compile(r"\.?[a-z_]+(?:\.[a-z_]+)*:[a-z_]+")
PREPARATIONS = {"of_upload", "of_table", "prepare_preview", "preparation"}


def names_in(module: ModuleType, folder: str) -> list[str]:
    texts = [
        node.value.removeprefix(".")
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value)
    ]
    return sorted(f"{folder}.{text}" for text in texts)


NAMES = names_in(routes, routes.ADMIN)
SECTIONS = [one for one in vars(own_sections).values() if isinstance(one, AccountSection)]
LOADED = [f"{own_sections.HERE}.{section.name}:load" for section in SECTIONS]
CODE_OF_SECTIONS = [*names_in(own_sections, own_sections.HERE), *LOADED]


def test_routes_and_sections_name_their_pages_and_their_code():
    assert f"{routes.ADMIN}.pages.pages:show_list" in NAMES
    assert len(NAMES) > 40
    assert f"{own_sections.HERE}.tokens:revoke" in CODE_OF_SECTIONS
    assert len(LOADED) == 6
    assert len(CODE_OF_SECTIONS) > 20


@pytest.mark.parametrize("name", [*NAMES, *CODE_OF_SECTIONS])
def test_there_is_each_page_that_a_route_names_and_what_it_does_first_and_the_code_of_each_section(name):
    found = resolve_name(name)

    assert inspect.iscoroutinefunction(found) or found.__name__ in PREPARATIONS

"""Pages that routes name, to be imported when somebody asks for them."""

import ast
import inspect
import re
from pkgutil import resolve_name

import pytest

from dovetail.contrib.admin.mounting import routes

NAME = re.compile(r"\.?[a-z_]+(?:\.[a-z_]+)*:[a-z_]+")
PREPARATIONS = {"of_upload", "of_table", "prepare_preview", "preparation"}
NAMES = sorted(
    f"{routes.ADMIN}.{text.removeprefix('.')}"
    for node in ast.walk(ast.parse(inspect.getsource(routes)))
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(text := node.value)
)


def test_routes_name_their_pages():
    assert f"{routes.ADMIN}.pages.pages:show_list" in NAMES
    assert len(NAMES) > 40


@pytest.mark.parametrize("name", NAMES)
def test_there_is_each_page_that_a_route_names_and_what_it_does_first(name):
    found = resolve_name(name)

    assert inspect.iscoroutinefunction(found) or found.__name__ in PREPARATIONS

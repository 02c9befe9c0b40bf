"""The contract between the kernel and a plugin."""

import dataclasses
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from dovetail.plugin import Command, Context, Plugin, deferred, lazy


def context(*plugins: Plugin) -> Context:
    unused: Any = None
    return Context(settings=unused, database=unused, plugins=plugins, plugin_settings={})


def test_a_plugin_is_a_value_that_does_not_change():
    plugin = Plugin(name="shop")
    with pytest.raises(dataclasses.FrozenInstanceError):
        cast("Any", plugin).name = "other"


def test_a_plugin_needs_nothing_but_a_name():
    plugin = Plugin(name="shop")
    parts = ("depends_on", "models", "routers", "admin_views", "commands", "checks")
    assert all(list(getattr(plugin, part)) == [] for part in parts)
    assert plugin.settings is plugin.lifespan is plugin.setup is None


def test_lazy_names_are_imported_when_first_looked_at_and_not_before():
    things = lazy("fractions:Fraction", "decimal:Decimal")
    sys.modules.pop("fractions", None)
    assert len(things) == 2  # counting does not import
    assert "fractions" not in sys.modules
    assert [thing.__name__ for thing in things] == ["Fraction", "Decimal"]
    assert "fractions" in sys.modules
    assert things[1].__name__ == "Decimal"
    assert len(things[:1]) == 1


def test_lazy_raises_what_the_import_raises():
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        list(lazy("no_such_module:thing"))


def test_nothing_lazy_is_false():
    assert not lazy()
    assert lazy("a:b")


def test_deferred_imports_its_function_when_it_is_called():
    call = deferred("no_such_module:function")
    with pytest.raises(ModuleNotFoundError):
        call()
    assert deferred("math:gcd")(12, 18) == 6


def test_extensions_of_a_point_come_in_the_order_of_the_plugins():
    first = Plugin(name="first", extensions={"shop.paid": ("a", "b"), "shop.sent": ("x",)})
    second = Plugin(name="second", extensions={"shop.paid": ("c",)})
    assert context(first, Plugin(name="none"), second).extensions("shop.paid") == ["a", "b", "c"]
    assert context(first, second).extensions("shop.unknown") == []


def test_a_command_is_a_value_that_imports_nothing():
    command = Command(name="restock", help="Fill the shelves.", run="no_such_module:restock")
    assert command.quickstart is None


def test_the_page_about_plugins_tells_of_every_field():
    page = (Path(__file__).parent.parent / "docs" / "plugins.md").read_text(encoding="utf-8")
    assert [one.name for one in dataclasses.fields(Plugin) if f"\n| `{one.name}` | " not in page] == []

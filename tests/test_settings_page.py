"""docs/settings.md tells of every variable that a site reads."""

from pathlib import Path

from config.settings import Settings
from dovetail.registry import load_registry

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


def test_every_setting_of_the_kernel_and_of_each_plugin_is_on_the_page(make_settings):
    names = {name.upper() for name in Settings.model_fields}
    for plugin in load_registry(make_settings()).plugins:
        if plugin.settings is not None:
            names |= {f"{plugin.name}_{field}".upper() for field in plugin.settings.model_fields}
    text = PAGE.read_text(encoding="utf-8")
    assert sorted(name for name in names if f"`{name}`" not in text) == []

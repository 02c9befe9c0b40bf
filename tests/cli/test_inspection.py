"""`manage.py plugins`, `routes`, `openapi` and `test`: looking at a site from the outside."""

import json
from pathlib import Path

import pytest

from tests.running import ROOT, manage, python


def rows(output: str) -> list[list[str]]:
    return [line.split() for line in output.splitlines()]


def test_plugins_are_listed_in_the_order_of_their_dependencies():
    result = manage("plugins")
    assert result.code == 0, result
    names = [row[0] for row in rows(result.stdout)]
    assert names[0] == "NAME"
    assert names.index("auth") < names.index("blog") < names.index("comments")
    assert all(row[-1] == "enabled" for row in rows(result.stdout)[1:])


def test_a_plugin_that_pip_installed_shows_its_package_and_version(tmp_path):
    """A folder of installed packages, as pip leaves it."""
    packages = tmp_path / "site-packages"
    (packages / "pkg_shop").mkdir(parents=True)
    (packages / "pkg_shop" / "__init__.py").write_text("")
    (packages / "pkg_shop" / "plugin.py").write_text(
        "from dovetail.plugin import Plugin\nplugin = Plugin(name='shop')\n"
    )
    about = packages / "dovetail_shop-2.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: dovetail-shop\nVersion: 2.1\n")
    (about / "top_level.txt").write_text("pkg_shop\n")
    result = manage("plugins", PLUGINS='["pkg_shop"]', PYTHONPATH=f"{packages}:{ROOT}")
    assert result.code == 0, result
    assert rows(result.stdout)[1] == ["shop", "pkg_shop", "dovetail-shop", "2.1", "-", "enabled"]


def test_a_plugin_from_another_folder_shows_where_it_lies(tmp_path):
    package = tmp_path / "pkg_shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "plugin.py").write_text("from dovetail.plugin import Plugin\nplugin = Plugin(name='shop')\n")
    result = manage(
        "plugins",
        PLUGINS='["dovetail.contrib.throttling", "dovetail.contrib.auth", "pkg_shop"]',
        PYTHONPATH=f"{tmp_path}:{ROOT}",
    )
    assert rows(result.stdout)[1][2:4] == ["this", "site"]
    assert rows(result.stdout)[2] == ["shop", "pkg_shop", str(package), "-", "enabled"]


def test_tests_of_a_plugin_that_lies_elsewhere_have_the_fixtures_of_the_site(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (folder / "test_shop.py").write_text("def test_settings(make_settings):\n    assert make_settings().plugins\n")
    for cwd in (ROOT, folder):
        result = python(str(ROOT / "manage.py"), "test", str(folder), "-n", "0", "-p", "no:cacheprovider", cwd=cwd)
        assert "1 passed" in result.stdout, result


def test_broken_plugins_are_listed_as_such_with_the_reason():
    result = manage(
        "plugins", PLUGINS='["dovetail.contrib.throttling", "dovetail.contrib.auth", "plugins.blog", "plugins.blgo"]'
    )
    assert result.code == 1
    states = {row[1]: row[-1] for row in rows(result.stdout)[1:]}
    assert states.pop("plugins.blgo") == "broken"
    assert states == dict.fromkeys(["dovetail.contrib.throttling", "dovetail.contrib.auth", "plugins.blog"], "enabled")
    assert "did you mean" in result.stderr


def test_a_plugin_whose_routes_cannot_be_imported_is_broken(tmp_path):
    package = tmp_path / "pkg_shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "plugin.py").write_text(
        "from dovetail.plugin import Plugin, lazy\nplugin = Plugin(name='shop', routers=lazy('pkg_shop.api:router'))\n"
    )
    result = manage(
        "plugins",
        PLUGINS='["dovetail.contrib.throttling", "dovetail.contrib.auth", "pkg_shop"]',
        PYTHONPATH=f"{tmp_path}:{ROOT}",
    )
    assert result.code == 1
    assert [row[-1] for row in rows(result.stdout)[1:]] == ["enabled", "broken", "enabled"]


def test_routes_say_where_they_come_from_and_who_may_use_them():
    result = manage("routes")
    assert result.code == 0, result
    found = {(row[0], row[1]): row[2:] for row in rows(result.stdout)}
    assert found["GET", "/api/posts"] == ["list_posts", "blog", "optional_user", "compiled"]
    assert found["POST", "/api/posts"] == ["create_post", "blog", "current_user", "compiled"]
    assert found["GET", "/api/users/me"] == ["get_me", "auth", "current_user", "-"]
    assert found["GET", "/health/live"][1:] == ["kernel", "-", "-"]
    assert found["GET", "/debug/pool"][1] == "kernel"
    assert found["GET", "/debug/pool"][2] != "-"


def test_openapi_is_what_the_site_serves(tmp_path):
    document = json.loads(manage("openapi").stdout)
    assert document["paths"]["/api/posts"]["get"]["operationId"] == "list_posts"
    written = tmp_path / "openapi.json"
    result = manage("openapi", "--output", str(written))
    assert result.code == 0
    assert result.stdout == ""
    assert json.loads(written.read_text()) == document


def test_openapi_to_a_place_that_is_not_there_is_one_line(tmp_path):
    path = tmp_path / "nowhere" / "openapi.json"
    assert manage("openapi", "-o", str(path)).error == f"{path}: No such file or directory"


@pytest.mark.parametrize(("condition", "code"), [("True", 0), ("False", 1)])
def test_test_runs_pytest_with_its_arguments_and_ends_as_it_does(tmp_path: Path, condition, code):
    (tmp_path / "test_one.py").write_text(
        f"def test_chosen():\n    assert {condition}\ndef test_other():\n    assert False\n"
    )
    result = manage("test", str(tmp_path / "test_one.py"), "-n", "0", "-k", "chosen", "--rootdir", str(tmp_path))
    assert result.code == code, result
    assert "1 deselected" in result.stdout


def test_test_hands_even_help_to_pytest():
    assert "usage: " in manage("test", "--help").stdout

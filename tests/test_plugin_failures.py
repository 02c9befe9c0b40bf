"""Whatever a plugin does wrong, and wherever, ends in one line that names it, and in nothing half done."""

import json
from pathlib import Path

import pytest

from dovetail.application import make_application
from dovetail.errors import ConfigurationError
from dovetail.testing.fixtures import make_client, running
from tests.running import Result, manage
from tests.test_registry import MODEL, ROUTER, load, package, plugin, problems

__all__ = ("load", "package")  # fixtures

EXIT = "import sys\nsys.exit(0)\n"
PARTS = {
    "plugin": (EXIT, {}),
    "package": (plugin("bad"), {"__init__": EXIT}),
    "settings": (
        "from pydantic import BaseModel, field_validator\n"
        "class Settings(BaseModel):\n"
        "    size: int = 1\n"
        "    @field_validator('size')\n"
        "    @classmethod\n"
        "    def check(cls, value): raise SystemExit(0)\n" + plugin("bad", settings="Settings"),
        {},
    ),
    "models": (plugin("bad", models="lazy('pkg_bad.models:Thing')"), {"models": EXIT}),
    "routers": (plugin("bad", routers="lazy('pkg_bad.api:router')"), {"api": EXIT}),
    "checks": (plugin("bad", checks="lazy('pkg_bad.checks:check')"), {"checks": EXIT}),
    "a check": (
        plugin("bad", checks="lazy('pkg_bad.checks:check')"),
        {"checks": "import sys\ndef check(context):\n    sys.exit(0)\n"},
    ),
    "setup": (plugin("bad", setup="lambda app, context: exit(0)"), {}),
    "admin_views": (plugin("bad", admin_views="lazy('pkg_bad.admin:View')"), {"admin": EXIT}),
    "commands": (
        plugin("bad", commands="(Command(name='greet', help='', run='pkg_bad.commands:greet'),)"),
        {"commands": EXIT},
    ),
    "extensions": (plugin("bad", extensions="{'x.y': lazy('pkg_bad.more:thing')}"), {"more": EXIT}),
}


def run(tmp_path: Path, *arguments: str, plugins: tuple[str, ...], **variables: object) -> Result:
    path = f"{tmp_path}:{Path(__file__).parent.parent}"
    enabled = ["dovetail.contrib.throttling", "dovetail.contrib.auth", "dovetail.contrib.admin", *plugins]
    return manage(*arguments, PLUGINS=json.dumps(enabled), PYTHONPATH=path, **variables)


@pytest.mark.parametrize(("source", "modules"), PARTS.values(), ids=PARTS)
def test_sys_exit_in_a_plugin_is_one_line_that_names_it(package, tmp_path, source, modules):
    package("pkg_bad", source, **modules)
    result = run(tmp_path, "check", plugins=("pkg_bad",), BAD_SIZE="2")
    told = [line for line in result.stderr.splitlines() if "SystemExit: 0" in line]
    assert (result.code, len(told)) == (1, 1), result
    assert "'bad'" in told[0] or "'pkg_bad'" in told[0]
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("part", ["plugin", "package"])
def test_it_does_not_end_migrate_as_if_all_were_well(package, tmp_path, part):
    source, modules = PARTS[part]
    package("pkg_bad", source, **modules)
    url = f"sqlite:///{tmp_path}/site.sqlite3"
    error = run(tmp_path, "migrate", plugins=("pkg_bad",), DATABASE_URL=url).error
    assert "SystemExit: 0" in error
    assert not (tmp_path / "site.sqlite3").exists()


MIGRATION = """
import sys
revision, down_revision = "bad_0001", None
branch_labels, depends_on = ("bad",), None
{}
def upgrade():
    {}
def downgrade():
    pass
"""


@pytest.mark.parametrize(("on_import", "within"), [("sys.exit(0)", "pass"), ("", "sys.exit(0)")])
def test_neither_does_a_migration(package, tmp_path, on_import, within):
    package(
        "pkg_bad",
        plugin("bad", models="lazy('pkg_bad.models:Thing')"),
        models=MODEL.format(name="Thing", table="bad_thing"),
    )
    (tmp_path / "pkg_bad" / "migrations").mkdir()
    (tmp_path / "pkg_bad" / "migrations" / "0001_first.py").write_text(MIGRATION.format(on_import, within))
    result = run(tmp_path, "migrate", plugins=("pkg_bad",), DATABASE_URL=f"sqlite:///{tmp_path}/site.sqlite3")
    assert result.code == 1
    (line,) = [line for line in result.stderr.splitlines() if "SystemExit: 0" in line]
    assert "0001_first.py" in line


def test_a_command_of_a_plugin_that_exits_on_import_says_so_and_one_that_exits_itself_may(package, tmp_path):
    source, _ = PARTS["commands"]
    package("pkg_bad", source, commands=EXIT)
    assert "SystemExit: 0 (commands.py:2)" in run(tmp_path, "greet", plugins=("pkg_bad",)).error
    body = "import sys, click\n@click.command()\ndef greet():\n    sys.exit(5)\n"
    package("pkg_bad", source, commands=body)
    assert run(tmp_path, "greet", plugins=("pkg_bad",)).code == 5


@pytest.mark.parametrize("name", ["kernel", "dovetail", "head", "base", "sqlite"])
def test_a_name_that_means_something_else_already_is_refused(package, load, name):
    package("pkg_name", plugin(name))
    assert problems(lambda: load("pkg_name")) == (f"plugin 'pkg_name' is named {name!r}, which is reserved; rename it",)


def test_a_setting_that_would_be_read_from_anothers_variable_is_refused(package, make_settings):
    schema = "from pydantic import BaseModel\nclass Settings(BaseModel):\n    {}: str = ''\n"
    package("pkg_site", schema.format("name") + plugin("site", settings="Settings"))
    package("pkg_shop", schema.format("map_x") + plugin("shop", settings="Settings"))
    package("pkg_map", schema.format("x") + plugin("shop_map", settings="Settings"))
    settings = make_settings(plugins=("pkg_site", "pkg_shop", "pkg_map"), database_url="sqlite:///:memory:")
    with pytest.raises(ConfigurationError) as raised:
        make_application(settings)
    assert str(raised.value).splitlines() == [
        "the variable 'SITE_NAME' is claimed by the site's own settings and site; rename one",
        "the variable 'SHOP_MAP_X' is claimed by shop and shop_map; rename one",
    ]


ADDED = """
from starlette.responses import PlainTextResponse
from dovetail.plugin import Plugin
async def answer(request):
    return PlainTextResponse("mine")
async def app(scope, receive, send):
    await PlainTextResponse("mounted")(scope, receive, send)
def setup(site, context):
    {}
plugin = Plugin(name="adding", setup=setup)
"""
SITE = ("dovetail.contrib.throttling", "dovetail.contrib.auth", "dovetail.contrib.admin", "plugins.blog")


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(
    ("added", "other"),
    [
        ("site.add_route('/health/live', answer)", "'GET /health/live' of the kernel"),
        ("site.add_api_route('/openapi.json', answer)", "'GET /openapi.json' of the kernel"),
        ("site.add_route('/docs/{a}/{b}', answer)", "'GET /docs/{_version}/{name}' of the kernel"),
        ("site.add_route('/admin/login', answer)", "'/admin' of plugin 'admin'"),
        (
            "site.router.routes.insert(0, site.router.routes.pop()) if site.add_route('/{all:path}', answer) else 0",
            "GET /",
        ),
        ("site.add_route('/{all:path}', answer)\n    site.router.routes.insert(0, site.router.routes.pop())", "GET /"),
        ("site.mount('/health', app)\n    site.router.routes.insert(0, site.router.routes.pop())", "GET /health/live"),
        ("site.add_route('/api/posts/{x}', answer)", "/api/posts/{"),
        ("site.mount('/admin/files', app)", "'/admin' of plugin 'admin'"),
    ],
)
def test_a_setup_that_adds_what_another_answers_or_hides_is_refused_by_name(
    package, make_settings, added, other, first
):
    package("pkg_adding", ADDED.format(added))
    plugins = ("pkg_adding", *SITE) if first else (*SITE, "pkg_adding")
    with pytest.raises(ConfigurationError) as raised:
        make_application(make_settings(plugins=plugins, database_url="sqlite:///:memory:"))
    assert "plugin 'adding'" in str(raised.value)
    assert other in str(raised.value)


@pytest.mark.parametrize(
    "added",
    [
        "site.add_route('/health/mine', answer)",
        "site.add_route('/health/live', answer, methods=['POST'])",
        "site.add_route('/administration', answer)",
        "site.mount('/files', app)",
    ],
)
def test_a_setup_may_add_what_is_nobodys(package, make_settings, added):
    package("pkg_adding", ADDED.format(added))
    assert make_application(make_settings(plugins=(*SITE, "pkg_adding"), database_url="sqlite:///:memory:"))


@pytest.mark.parametrize("added", ["site.add_route('/', answer)", "site.mount('/', app)"])
async def test_a_setup_may_bring_the_page_at_the_root(package, make_settings, added):
    last = ADDED.replace('name="adding"', 'name="adding", depends_on=("admin", "blog")')
    package("pkg_adding", last.format(added))
    app = make_application(make_settings(plugins=(*SITE, "pkg_adding"), database_url="sqlite:///:memory:"))
    async with make_client(app) as client:
        assert (await client.get("/")).text in {"mine", "mounted"}
        assert (await client.get("/health/live")).json() == {"status": "ok"}


async def test_an_endpoint_that_exits_is_a_failure_of_its_request_and_of_nothing_else(package, make_settings, caplog):
    package(
        "pkg_adding",
        "import sys\n" + ADDED.format("site.add_route('/leave', leave)") + "def leave(request):\n    sys.exit(0)\n",
    )
    app = make_application(make_settings(plugins=("pkg_adding",), database_url="sqlite:///:memory:"))
    async with make_client(app) as client:
        assert (await client.get("/leave")).status_code == 500
        assert (await client.get("/health/live")).status_code == 200
    assert "sys.exit(0) was called" in caplog.text


def test_a_setup_that_raises_is_named_with_the_place(package, make_settings):
    package("pkg_adding", ADDED.format("1 / 0"))
    with pytest.raises(ConfigurationError) as raised:
        make_application(make_settings(plugins=("pkg_adding",), database_url="sqlite:///:memory:"))
    assert str(raised.value) == "plugin 'adding': its setup raised ZeroDivisionError: division by zero (plugin.py:9)"


LIFESPAN = """
from contextlib import asynccontextmanager
from dovetail.plugin import Plugin
@asynccontextmanager
async def lifespan(app, context):
    {}
    yield
    print("ended")
plugin = Plugin(name="living", lifespan=lifespan)
"""


@pytest.mark.parametrize(("body", "said"), [("exit(0)", "SystemExit: 0"), ("1 / 0", "ZeroDivisionError: division by")])
async def test_a_lifespan_that_fails_is_named_and_nothing_is_served(package, make_settings, body, said):
    package("pkg_living", LIFESPAN.format(body))
    app = make_application(make_settings(plugins=("pkg_living",), database_url="sqlite:///:memory:"))
    with pytest.raises(ConfigurationError, match=f"plugin 'living': its lifespan raised {said}"):
        async with running(app):
            pass


async def test_a_lifespan_ends_with_the_application(package, make_settings, capsys):
    package("pkg_living", LIFESPAN.format("print('begun')"))
    async with running(make_application(make_settings(plugins=("pkg_living",), database_url="sqlite:///:memory:"))):
        assert capsys.readouterr().out == "begun\n"
    assert capsys.readouterr().out == "ended\n"


def test_a_plugin_that_imports_a_broken_one_is_not_blamed(package, load):
    package("pkg_broken", "def check(value):\n    raise ValueError(value)\n1 / 0\n")
    package("pkg_user", "import pkg_broken.plugin\n" + plugin("user"))
    expected = ("plugin 'pkg_broken' raised on import: ZeroDivisionError: division by zero (plugin.py:3)",)
    assert problems(lambda: load("pkg_user", "pkg_broken")) == expected
    assert problems(lambda: load("pkg_broken", "pkg_user")) == expected


def test_a_plugin_whose_function_is_called_wrongly_is_not_blamed(package, load):
    package("pkg_helping", plugin("helping"), tools="def check(value):\n    raise ValueError(value)\n")
    package("pkg_calling", "from pkg_helping.tools import check\ncheck('no')\n" + plugin("calling"))
    assert problems(lambda: load("pkg_helping", "pkg_calling")) == (
        "plugin 'pkg_calling' raised on import: ValueError: no (plugin.py:2)",
    )


def test_a_broken_file_of_another_plugin_is_told_of_that_one(package, load):
    package("pkg_broken", plugin("broken"), tools="tools = (\n")
    package("pkg_user", "import pkg_broken.tools\n" + plugin("user"))
    (problem,) = problems(lambda: load("pkg_broken", "pkg_user"))
    assert problem.startswith("plugin 'pkg_broken' raised on import: SyntaxError")


def test_models_that_need_those_of_a_broken_plugin_are_not_blamed(package, tmp_path):
    broken = MODEL.format(name="Thing", table="broken_thing") + "\n1 / 0\n"
    package("pkg_broken", plugin("broken", models="lazy('pkg_broken.models:Thing')"), models=broken)
    needy = "from pkg_broken.models import Thing\n" + MODEL.format(name="Part", table="needy_part")
    package("pkg_needy", plugin("needy", models="lazy('pkg_needy.models:Part')"), models=needy)
    expected = "plugin 'broken': its models raised on import: ZeroDivisionError: division by zero (models.py:7)"
    assert run(tmp_path, "check", plugins=("pkg_broken", "pkg_needy")).error == expected
    other = run(tmp_path, "check", plugins=("pkg_needy", "pkg_broken")).error
    assert other == expected.replace("its models", "what 'needy' needs of it")


def test_views_that_need_those_of_a_broken_plugin_are_not_blamed(package, tmp_path):
    package("pkg_broken", plugin("broken", admin_views="lazy('pkg_broken.admin:View')"), admin="1 / 0\n")
    package(
        "pkg_needy",
        plugin("needy", depends_on="('broken',)", admin_views="lazy('pkg_needy.admin:View')"),
        admin="from pkg_broken.admin import View\n",
    )
    error = run(tmp_path, "check", plugins=("pkg_broken", "pkg_needy")).error
    assert error == (
        "plugin 'broken': its admin_views raised on import: ZeroDivisionError: division by zero (admin.py:1)"
    )


def test_what_is_no_router_among_the_routers_is_refused(package, make_settings):
    package("pkg_odd", plugin("odd", routers="lazy('pkg_odd.api:router')"), api=ROUTER + "router = 3\n")
    with pytest.raises(ConfigurationError, match="plugin 'odd' lists a int among its routers, expected an APIRouter"):
        make_application(make_settings(plugins=("pkg_odd",), database_url="sqlite:///:memory:"))

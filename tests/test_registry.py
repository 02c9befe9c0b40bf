"""Every way in which plugins may not fit together is refused with one clear message, before anything starts."""

import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.errors import ConfigurationError
from dovetail.registry import PluginError, Registry, load_registry, load_web
from dovetail.settings import Settings
from tests.running import manage

MakePackage = Callable[..., None]
Load = Callable[..., Registry]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakePackage]:
    """Make an importable package, as pip would install it; keyword arguments are its modules."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name: str, plugin: str, **modules: str) -> None:
        for module, source in {"__init__": "", "plugin": plugin, **modules}.items():
            path = tmp_path / name / f"{module}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(source))

    yield make
    for name in [name for name in sys.modules if name.startswith("pkg_")]:
        del sys.modules[name]


def plugin(name: str, **fields: str) -> str:
    """The source of a plugin.py."""
    arguments = "".join(f", {field}={value}" for field, value in fields.items())
    return (
        "from dovetail.plugin import Command\n"
        "from dovetail.plugin import Plugin, lazy\n"
        f"plugin = Plugin(name={name!r}{arguments})\n"
    )


@pytest.fixture
def load(make_settings: Callable[..., Settings]) -> Load:
    def load(*packages: str) -> Registry:
        return load_registry(make_settings(plugins=packages), reserved_commands=("help", "check"))

    return load


def problems(load: Callable[[], object]) -> tuple[str, ...]:
    with pytest.raises(PluginError) as caught:
        load()
    return caught.value.problems


def refusals(make: Callable[[], object]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        make()
    return caught.value.detail.splitlines()


def test_a_package_from_anywhere_on_the_path_is_a_plugin_like_those_of_the_site(package, load):
    package("pkg_outside", plugin("outside"))
    registry = load("pkg_outside", "dovetail.contrib.throttling", "dovetail.contrib.auth")
    assert registry.installed["outside"].package == "pkg_outside"
    assert registry.installed["outside"].migrations.name == "migrations"


def test_plugins_come_after_those_they_depend_on(package, load):
    package("pkg_last", plugin("last", depends_on="('middle',)"))
    package("pkg_middle", plugin("middle", depends_on="('first',)"))
    package("pkg_first", plugin("first"))
    assert [found.name for found in load("pkg_last", "pkg_middle", "pkg_first").plugins] == ["first", "middle", "last"]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("plugins.blgo", "plugins.blog"), ("dovetail.contrib.atuh", "dovetail.contrib.auth"), ("pkg_shpo", "pkg_shop")],
)
def test_an_unknown_name_is_answered_with_the_nearest_installed_one(package, load, name, nearest):
    package("pkg_shop", plugin("shop"))
    (problem,) = problems(lambda: load(name))
    assert problem == f"plugin {name!r}: there is no module {name}.plugin; did you mean {nearest!r}?"


def test_an_unknown_name_with_nothing_near_asks_whether_it_is_installed(load):
    (problem,) = problems(lambda: load("qqqqqqqqqq.zzzzzzzzzz"))
    assert problem.endswith("is its package installed?")


@pytest.mark.parametrize("name", ["", " ", "plugins..blog", ".plugins", "plugins/blog", "plugins blog", "1"])
def test_a_name_that_is_no_module_path_is_refused(load, name):
    assert problems(lambda: load(name)) == (f"plugin {name!r}: expected the path of a package, such as 'plugins.blog'",)


def test_a_package_named_twice_is_refused(package, load):
    package("pkg_twice", plugin("twice"))
    assert problems(lambda: load("pkg_twice", "pkg_twice")) == (
        "plugin 'pkg_twice' is named 2 times in the settings; name it once",
    )


def test_a_missing_dependency_is_refused(load):
    assert problems(lambda: load("plugins.comments", "plugins.blog")) == (
        "plugin 'comments' depends on 'auth', which is not enabled; add its package to the plugins in the settings",
        "plugin 'blog' depends on 'auth', which is not enabled; add its package to the plugins in the settings",
    )


def test_a_misspelt_dependency_is_answered_with_the_nearest_enabled_one(package, load):
    package("pkg_misspelt", plugin("misspelt", depends_on="('auht',)"))
    (problem,) = problems(lambda: load("dovetail.contrib.throttling", "dovetail.contrib.auth", "pkg_misspelt"))
    assert problem == "plugin 'misspelt' depends on 'auht', which is not enabled; did you mean 'auth'?"


@pytest.mark.parametrize(
    ("internal", "said"),
    [
        (
            '("Ordr",)',
            "plugin 'one' names 'Ordr' among its internal_models, which is no model of it; did you mean 'Order'?",
        ),
        ('("Nothing",)', "which is no model of it; list it among its models, or leave it out"),
        ('"Order"', "plugin 'one' has the text 'Order' as internal_models, expected ('Order',)"),
    ],
)
def test_an_internal_model_that_the_plugin_does_not_have_is_refused(package, load, internal, said):
    package("pkg_one", plugin("one", models='lazy("pkg_one.models:Order")', internal_models=internal))
    (found,) = problems(lambda: load("pkg_one"))
    assert found.endswith(said)


@pytest.mark.parametrize(
    "written",
    [
        "lazy('pkg_one.settings:Settings')",
        "'pkg_one.settings:Settings'",
        "__import__('pydantic').create_model('Settings')()",
    ],
)
def test_settings_that_are_no_model_are_refused(package, load, written):
    package("pkg_one", plugin("one", settings=written))
    with pytest.raises(PluginError, match=r"plugin 'one' has a .* as settings, expected a pydantic model: import the"):
        load("pkg_one")


def test_a_circle_is_refused_and_drawn(package, load):
    package("pkg_hen", plugin("hen", depends_on="('egg',)"))
    package("pkg_egg", plugin("egg", depends_on="('hen',)"))
    (problem,) = problems(lambda: load("pkg_hen", "pkg_egg"))
    assert problem.startswith("plugins depend on each other in a circle: ")
    assert {"hen -> egg -> hen", "egg -> hen -> egg"} & {problem.partition(": ")[2].partition(";")[0]}


def test_two_plugins_of_one_name_are_refused(package, load):
    package("pkg_one", plugin("same"))
    package("pkg_two", plugin("same"))
    assert problems(lambda: load("pkg_one", "pkg_two")) == (
        "the name 'same' is claimed by pkg_one and pkg_two; rename one",
    )


@pytest.mark.parametrize("name", ["Shop", "my-shop", "1shop", "", "shöp", "_shop"])
def test_a_plugin_with_a_name_that_no_table_could_start_with_is_refused(package, load, name):
    package("pkg_name", plugin(name))
    (problem,) = problems(lambda: load("pkg_name"))
    assert problem == f"plugin 'pkg_name' is named {name!r}, expected lower-case letters, digits and _"


def test_two_plugins_with_one_command_are_refused(package, load):
    command = "(Command(name='greet', help='', run='a:b'),)"
    package("pkg_polite", plugin("polite", commands=command))
    package("pkg_kind", plugin("kind", commands=command))
    assert problems(lambda: load("pkg_polite", "pkg_kind")) == (
        "the command 'greet' is claimed by polite and kind; rename one",
    )


def test_two_plugins_that_keep_a_log_of_changes_are_refused(package, load):
    for name in ("one", "two"):
        package(f"pkg_{name}", plugin(name, change_log="lambda context: None"))
    assert problems(lambda: load("pkg_one", "pkg_two")) == (
        "the plugins one and two each keep a log of changes; enable one of them",
    )


def test_a_command_that_manage_py_has_itself_is_refused(package, load):
    package("pkg_greedy", plugin("greedy", commands="(Command(name='check', help='', run='a:b'),)"))
    assert problems(lambda: load("pkg_greedy")) == (
        "the command 'check' is claimed by manage.py itself and greedy; rename one",
    )


def test_a_plugin_that_raises_on_import_is_refused_with_the_place(package, load):
    package("pkg_raising", "\n\nraise RuntimeError('no licence\\nand more')\n")
    assert problems(lambda: load("pkg_raising")) == (
        "plugin 'pkg_raising' raised on import: RuntimeError: no licence (plugin.py:3)",
    )


def test_a_plugin_that_is_not_python_is_refused_with_the_place(package, load):
    package("pkg_syntax", "plugin = (\n")
    (problem,) = problems(lambda: load("pkg_syntax"))
    assert problem == "plugin 'pkg_syntax' raised on import: SyntaxError: '(' was never closed (plugin.py, line 1)"


def test_a_plugin_that_misses_a_module_says_which(package, load):
    package("pkg_missing", plugin("missing"), __init__="import no_such_library\n")
    (problem,) = problems(lambda: load("pkg_missing"))
    assert "ModuleNotFoundError: No module named 'no_such_library' (__init__.py:1)" in problem


@pytest.mark.parametrize(("source", "found"), [("plugin = 3", "a int"), ("", "nothing")])
def test_a_module_without_a_plugin_in_it_is_refused(package, load, source, found):
    package("pkg_empty", source)
    assert problems(lambda: load("pkg_empty")) == (
        f"plugin 'pkg_empty': pkg_empty.plugin has {found} named `plugin`, expected a Plugin",
    )


def test_all_problems_are_reported_at_once(package, load):
    package("pkg_bad", "1 / 0")
    package("pkg_needy", plugin("needy", depends_on="('money',)"))
    found = problems(lambda: load("plugins.blgo", "pkg_bad", "pkg_needy"))
    assert len(found) == 3
    with pytest.raises(ConfigurationError) as caught:
        load("plugins.blgo", "pkg_bad", "pkg_needy")
    assert caught.value.detail.splitlines() == [f"- {problem}" for problem in found]


def test_those_that_depend_on_a_broken_plugin_do_not_complain_too(package, load):
    package("pkg_broken", "1 / 0")
    package("pkg_user", plugin("user", depends_on="('pkg_broken',)"))
    assert len(problems(lambda: load("pkg_broken", "pkg_user"))) == 1


ROUTER = "from fastapi import APIRouter\nrouter = APIRouter()\n"


def test_two_plugins_with_one_route_are_refused_whatever_they_call_its_parameter(package, make_settings):
    package(
        "pkg_left",
        plugin("left", routers="lazy('pkg_left.api:router')"),
        api=ROUTER + "@router.get('/things/{thing_id}')\ndef get_thing(thing_id: int): ...\n",
    )
    package(
        "pkg_right",
        plugin("right", routers="lazy('pkg_right.api:router')"),
        api="from fastapi import APIRouter\ninner = APIRouter(prefix='/things')\nrouter = APIRouter()\n"
        "@inner.get('/{id}')\ndef get_other(id: int): ...\n"
        "@inner.post('/{id}')\ndef post_other(id: int): ...\n"
        "router.include_router(inner)\n",
    )
    settings = make_settings(plugins=("pkg_left", "pkg_right"), database_url="sqlite:///:memory:")
    assert refusals(lambda: make_application(settings)) == [
        (
            "the route 'GET /api/things/{id}' of plugin 'right' is never reached: the route "
            "'GET /api/things/{thing_id}' of plugin 'left' answers; give it another path, or mount it elsewhere in "
            "project/urls.py"
        )
    ]


def test_a_route_that_another_plugins_answers_first_is_refused(package, make_settings):
    package(
        "pkg_first",
        plugin("first", routers="lazy('pkg_first.api:router')"),
        api=ROUTER + "@router.get('/things/new')\ndef get_form(): ...\n"
        "@router.get('/things/{thing_id:int}')\ndef get_thing(thing_id: int): ...\n"
        "@router.get('/parts/{name}')\ndef get_part(name: str): ...\n",
    )
    package(
        "pkg_second",
        plugin("second", depends_on=("first",), routers="lazy('pkg_second.api:router')"),
        api=ROUTER + "@router.get('/things/{name}')\ndef get_by_name(name: str): ...\n"
        "@router.get('/parts/list')\ndef list_parts(): ...\n"
        "@router.post('/parts/list')\ndef sort_parts(): ...\n"
        "@router.get('/parts/{name}/more')\ndef get_more(name: str): ...\n",
    )
    settings = make_settings(plugins=("pkg_first", "pkg_second"), database_url="sqlite:///:memory:")
    (problem,) = refusals(lambda: make_application(settings))
    assert problem == (
        "the route 'GET /api/parts/list' of plugin 'second' is never reached: the route 'GET /api/parts/{name}' of "
        "plugin 'first' answers; give it another path, or mount it elsewhere in project/urls.py"
    )


ADMIN = ("dovetail.contrib.throttling", "dovetail.contrib.auth", "dovetail.contrib.admin")


def test_two_plugins_with_one_page_of_the_back_office_are_refused(package, make_settings):
    for side in ("east", "west"):
        package(
            f"pkg_{side}",
            plugin(side, admin_views=f"lazy('pkg_{side}.admin:TagAdmin')"),
            admin="from sqladmin import BaseView, expose\nclass TagAdmin(BaseView):\n"
            "    @expose('/tag', identity='tag')\n    async def show(self, request):\n        return None\n",
        )
    settings = make_settings(plugins=(*ADMIN, "pkg_east", "pkg_west"), database_url="sqlite:///:memory:")
    with pytest.raises(ConfigurationError, match="'/tag' is claimed by TagAdmin of plugin 'east' and TagAdmin"):
        make_application(settings)


def test_a_plugin_whose_admin_views_raise_on_import_is_refused(package, make_settings):
    package("pkg_viewless", plugin("viewless", admin_views="lazy('pkg_viewless.admin:View')"), admin="import nowhere\n")
    settings = make_settings(plugins=(*ADMIN, "pkg_viewless"), database_url="sqlite:///:memory:")
    with pytest.raises(ConfigurationError, match="No module named 'nowhere'"):
        make_application(settings)


@pytest.mark.parametrize("part", ["routers", "checks"])
def test_a_plugin_whose_parts_raise_on_import_is_refused(package, load, part):
    package(f"pkg_{part}", plugin("partly", **{part: f"lazy('pkg_{part}.part:thing')"}), part="\nimport nowhere\n")
    registry = load(f"pkg_{part}")
    assert problems(lambda: load_web(registry)) == (
        f"plugin 'partly': its {part} raised on import: ModuleNotFoundError: No module named 'nowhere' (part.py:2)",
    )


def test_no_application_is_made_of_plugins_that_do_not_fit(package, make_settings):
    package(
        "pkg_early",
        plugin("early", setup="lambda app, context: print('half started')"),
    )
    package("pkg_late", plugin("late", routers="lazy('pkg_late.api:router')"), api="1 / 0")
    app: FastAPI | None = None
    with pytest.raises(PluginError):
        app = make_application(make_settings(plugins=("pkg_early", "pkg_late"), database_url="sqlite:///:memory:"))
    assert app is None


# Models stay in the metadata for the life of a process, so those that are wrong get one of their own.

MODEL = """
from sqlalchemy.orm import Mapped, mapped_column
from dovetail.database.models import Base, IdMixin
class {name}(IdMixin, Base):
    __tablename__ = {table!r}
"""


def check(tmp_path: Path, *packages: str) -> str:
    path = f"{tmp_path}:{Path(__file__).parent.parent}"
    return manage("check", PLUGINS=json.dumps(packages), PYTHONPATH=path).error


def test_a_table_without_a_model_and_without_the_prefix_is_refused(package, tmp_path):
    links = (
        "from sqlalchemy import Column, Integer, Table\nlinks = Table('links', Base.metadata, Column('id', Integer))"
    )
    package(
        "pkg_linked",
        plugin("linked", models="lazy('pkg_linked.models:Thing')"),
        models=MODEL.format(name="Thing", table="linked_thing") + f"\n{links}\n",
    )
    assert check(tmp_path, "pkg_linked") == (
        "plugin 'linked': the table 'links' lacks the plugin's prefix; name it 'linked_links'"
    )


def test_a_table_without_the_prefix_of_its_plugin_is_refused(package, tmp_path):
    package(
        "pkg_plain",
        plugin("plain", models="lazy('pkg_plain.models:Thing')"),
        models=MODEL.format(name="Thing", table="thing"),
    )
    assert check(tmp_path, "pkg_plain") == (
        "plugin 'plain': the table 'thing' lacks the plugin's prefix; name it 'plain_thing'"
    )


NAMED = MODEL.format(name="Thing", table="thing") + '    __table_args__ = {{"info": {{"plugin": "{}"}}}}\n'


def test_a_table_may_name_its_plugin_in_its_info(package, tmp_path):
    package("pkg_plain", plugin("plain", models="lazy('pkg_plain.models:Thing')"), models=NAMED.format("plain"))
    path = f"{tmp_path}:{Path(__file__).parent.parent}"
    assert manage("check", PLUGINS=json.dumps(["pkg_plain"]), PYTHONPATH=path).code == 0


def test_a_table_that_names_another_plugin_than_its_own_is_refused(package, tmp_path):
    package("pkg_plain", plugin("plain", models="lazy('pkg_plain.models:Thing')"), models=NAMED.format("other"))
    assert check(tmp_path, "pkg_plain") == (
        "plugin 'plain': the table 'thing' says in its info that it belongs to 'other'; correct it, or list its model "
        "there"
    )


def test_a_table_without_a_model_that_names_a_plugin_that_is_not_enabled_is_refused(package, tmp_path):
    links = "from sqlalchemy import Column, Integer, Table\n"
    links += "links = Table('links', Base.metadata, Column('id', Integer), info={'plugin': 'other'})"
    models = MODEL.format(name="Thing", table="linked_thing") + f"\n{links}\n"
    package("pkg_linked", plugin("linked", models="lazy('pkg_linked.models:Thing')"), models=models)
    assert check(tmp_path, "pkg_linked") == (
        "plugin 'linked': the table 'links' says in its info that it belongs to 'other', which is not enabled; "
        "enable it, or correct the name"
    )


def test_a_plugin_named_as_the_beginning_of_anothers_table_is_refused(package, tmp_path):
    """Nobody could tell whose table club_member_tag is."""
    package(
        "pkg_club",
        plugin("club", models="lazy('pkg_club.models:Member')"),
        models=MODEL.format(name="Member", table="club_member"),
    )
    package("pkg_member", plugin("club_member"))
    package("pkg_match", plugin("club_match"))
    assert check(tmp_path, "pkg_club", "pkg_member", "pkg_match") == (
        "plugin 'club_member' has a name with which the table 'club_member' of the plugin 'club' begins; "
        "rename the plugin"
    )


def test_two_plugins_with_one_table_are_refused(package, tmp_path):
    for name in ("a", "b"):
        package(
            f"pkg_{name}",
            plugin(name, models=f"lazy('pkg_{name}.models:Thing')"),
            models=MODEL.format(name="Thing", table="a_thing"),
        )
    assert check(tmp_path, "pkg_a", "pkg_b") == (
        "plugin 'b' defines the table 'a_thing', which another plugin has; rename one"
    )


def test_a_model_listed_by_two_plugins_is_refused(package, tmp_path):
    package(
        "pkg_own",
        plugin("own", models="lazy('pkg_own.models:Thing')"),
        models=MODEL.format(name="Thing", table="own_thing"),
    )
    package("pkg_borrow", plugin("borrow", models="lazy('pkg_own.models:Thing')"))
    result = manage(
        "check", PLUGINS='["pkg_own", "pkg_borrow"]', PYTHONPATH=f"{tmp_path}:{Path(__file__).parent.parent}"
    )
    assert "the table 'own_thing' is claimed by own and borrow; rename one" in result.stderr


def test_a_model_that_replaces_a_column_of_another_model_of_its_table_is_refused(package, tmp_path):
    """What would be read and written by the first one's statements is another row's."""
    again = MODEL.format(name="More", table="twice_thing") + "    __table_args__ = {'extend_existing': True}\n"
    package(
        "pkg_twice",
        plugin("twice", models="lazy('pkg_twice.models:Thing', 'pkg_twice.models:More')"),
        models=MODEL.format(name="Thing", table="twice_thing") + again,
    )
    assert check(tmp_path, "pkg_twice") == (
        "the column 'id' of Thing was replaced by another model of the table 'twice_thing' with extend_existing; map "
        "that one by __table__ = Thing.__table__, and declare the columns here"
    )


def test_a_model_that_its_plugin_does_not_list_is_refused(package, tmp_path):
    package(
        "pkg_shy",
        plugin("shy", models="lazy('pkg_shy.models:Shown')"),
        models=MODEL.format(name="Shown", table="shy_shown") + MODEL.format(name="Hidden", table="shy_hidden"),
    )
    assert check(tmp_path, "pkg_shy") == (
        "plugin 'shy' does not list its model Hidden; add 'pkg_shy.models:Hidden' to the models in pkg_shy.plugin"
    )


def test_a_plugin_whose_models_raise_on_import_is_refused(package, tmp_path):
    package("pkg_models", plugin("models", models="lazy('pkg_models.models:Thing')"), models="raise ValueError('no')")
    assert check(tmp_path, "pkg_models") == "plugin 'models': its models raised on import: ValueError: no (models.py:1)"


def test_the_models_of_all_plugins_are_there_before_any_plugin_makes_its_api(package, load):
    package(
        "pkg_whole",
        plugin("whole", routers="lazy('pkg_whole.api:router')"),
        models="relations = []",
        api="""
from fastapi import APIRouter
from pkg_whole.models import relations
router = APIRouter(prefix=f"/{relations[0]}")
""",
    )
    package(
        "pkg_parts",
        plugin("parts", depends_on="('whole',)", models="lazy('pkg_parts.models:Part')"),
        models="from pkg_whole.models import relations\nrelations.append('parts')\nclass Part: pass\n",
    )
    registry = load("pkg_whole", "pkg_parts")
    load_web(registry)
    assert [router.prefix for router in registry.installed["whole"].plugin.routers] == ["/parts"]

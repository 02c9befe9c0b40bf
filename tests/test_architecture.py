"""Rules that would decay if no machine held them."""

import ast
import json
import re
import subprocess
import sys
import textwrap
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from dovetail.discovery import InstalledPlugin
from dovetail.registry import load_registry
from tests.running import ROOT, python
from tools.count_any import count_any

SETTINGS = Settings.model_validate({"environment": "test", "secret_key": "x" * 32, "database_url": "sqlite://"})
PLUGINS = load_registry(SETTINGS).installed
ROOMS = {"dovetail", "plugins", "project", "config"}
MOST_FILES = 14
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LARGEST_SHARE = 0.25
SOURCES = ("dovetail", "plugins", "config", "project", "tests", "benchmarks")


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def owner(module: str) -> str | None:
    """The plugin that a module belongs to."""
    return next((name for name, entry in PLUGINS.items() if f"{module}.".startswith(f"{entry.package}.")), None)


def imported_plugins(entry: InstalledPlugin) -> set[str]:
    """The other plugins that the code of a plugin imports; its tests may import what they like.

    `admin.py`, or the package `admin`, is imported by the back office only, so it may use the back office that imports
    it.
    """
    found: set[str] = set()
    for path in entry.path.rglob("*.py"):
        parts = path.relative_to(entry.path).with_suffix("").parts
        if "tests" in parts or path.name == "testing.py":
            continue
        names = {name for module in imported_modules(path) if (name := owner(module))}
        found |= names - {"admin"} if "admin" in parts else names
    return found - {entry.plugin.name}


def test_modules_import_only_what_lies_below_them():
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_circle_is_left_out_of_the_contracts_but_the_one_that_has_a_name():
    """The contracts themselves are checked above: layers, and siblings without circles at any level."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (acyclic,) = (contract for contract in tool["contracts"] if contract["type"] == "acyclic_siblings")
    layers = [contract for contract in tool["contracts"] if contract["type"] == "layers"]

    assert not tool.get("exclude_type_checking_imports", False)
    assert set(acyclic["ancestors"]) == set(tool["root_packages"])
    assert {"skip_descendants", "depth"} & acyclic.keys() == set()
    assert acyclic["ignore_imports"] == [
        "dovetail.contrib.auth.admin -> dovetail.contrib.admin.**",
        "dovetail.contrib.auth.events.admin -> dovetail.contrib.admin.**",
        "dovetail.contrib.auth.mail.admin -> dovetail.contrib.admin.**",
    ]
    assert [contract["name"] for contract in layers if "ignore_imports" in contract] == []


def test_no_package_holds_more_files_or_more_of_the_code_than_a_reader_can_keep_in_mind():
    """Counted are the modules that lie in a package itself, `__init__.py` too, and not those of packages in it.

    Revisions of a history (`migrations/0001_initial.py`) are not counted, neither as files nor as lines: a file comes
    with each change of the models, none can be taken out, and nobody reads them as a whole.
    """
    files: dict[str, list[int]] = defaultdict(list)
    for path in tracked_files():
        name = path.relative_to(ROOT)
        is_revision = name.parent.name == "migrations" and name.name[:4].isdigit()
        if path.suffix == ".py" and name.parts[0] in ROOMS and "tests" not in name.parts and not is_revision:
            files[name.parent.as_posix()].append(len(path.read_text(encoding="utf-8").splitlines()))
    whole = sum(sum(lines) for package, lines in files.items() if package.startswith("dovetail"))

    assert {package: len(lines) for package, lines in files.items() if len(lines) > MOST_FILES} == {}
    assert {package: sum(lines) for package, lines in files.items() if sum(lines) > whole * LARGEST_SHARE} == {}


def test_tests_lie_in_folders_named_as_the_rooms_they_test():
    """`tests/resources/read/` tests `dovetail/resources/read/`, and `tests/plugins/blog/` tests `plugins/blog/`."""
    of_the_whole = {"benchmarks", "contract", "mutants", "packaging", "zoo"}
    all_tests = [path for path in tracked_files() if path.match("test_*.py")]
    tests = [one.relative_to(ROOT / "tests") for one in all_tests if one.is_relative_to(ROOT / "tests")]
    folders = {path.parent.as_posix() for path in tests}
    rooms = {folder for folder in folders if (ROOT / "dovetail" / folder).is_dir() or (ROOT / folder).is_dir()}

    assert "resources/read" in folders
    assert sorted(folder for folder in folders - rooms if folder.partition("/")[0] not in of_the_whole) == []


def test_any_is_counted_in_annotations_texts_and_casts_but_not_in_imports_and_sentences():
    source = """
        from typing import Any, Annotated, TypeAlias, cast

        '''Any is a word of this sentence.'''
        Handler: TypeAlias = "Callable[[Any], None]"

        def f(a: Any, b: "dict[str, Any]", c: Annotated[str, "Any text"]) -> Mapping[str, typing.Any]:
            print("Any")
            return cast("Any", a)
    """

    assert count_any(textwrap.dedent(source)) == 5


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_depends_on_exactly_the_plugins_it_imports(name):
    assert imported_plugins(PLUGINS[name]) == set(PLUGINS[name].plugin.depends_on)


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_lists_modules_of_its_own_only(name):
    source = (PLUGINS[name].path / "plugin.py").read_text(encoding="utf-8")
    named = re.findall(r'"([\w.]+):\w+"', source)
    assert [module for module in named if not module.startswith(f"{PLUGINS[name].package}.")] == []


def test_every_table_starts_with_the_name_of_its_plugin():
    """Association tables too, which no plugin lists; in a process of its own, where no test has added a table."""
    program = (
        "import json\n"
        "from config.settings import Settings\n"
        "from dovetail.database.models import Base\n"
        "from dovetail.registry import load_models, load_registry\n"
        "from dovetail.settings import load_settings\n"
        "registry = load_registry(load_settings(Settings))\n"
        "load_models(registry)\n"
        "print(json.dumps(sorted(Base.metadata.tables)))\n"
    )
    tables = json.loads(python("-c", program).stdout)
    assert "blog_post_tag" in tables
    assert [table for table in tables if not table.startswith(tuple(f"{name}_" for name in PLUGINS))] == []


def test_packages_have_nothing_in_their_init():
    code = {
        ROOT / "migrations" / "__init__.py",  # Alembic imports it: there is no other hook so early
        ROOT / "dovetail" / "__init__.py",  # has the version
    }
    packages = [path for folder in SOURCES for path in (ROOT / folder).rglob("__init__.py")]
    assert packages
    assert [path for path in packages if path not in code and path.read_text().strip()] == []


def test_no_file_names_the_address_of_a_package_index():
    """Where packages come from is for the machine to say, not for this repository."""
    address = re.compile(
        rb"https?://[^\s\"'<>)]*(pypi|pythonhosted|/simple\b)|^\s*(-i|--(extra-)?index-url)\b", re.MULTILINE
    )
    assert [path for path in tracked_files() if address.search(path.read_bytes())] == []


def test_locked_requirements_are_exact_and_have_hashes():
    for path in (ROOT / "requirements").glob("*.txt"):
        lines = [line for line in path.read_text().splitlines() if line and not line.startswith(("#", " "))]
        assert lines
        assert [line for line in lines if not re.match(r"[\w.\[\]-]+==\S+ (;.*)?\\?", line)] == []
        assert path.read_text().count("--hash=sha256:") >= len(lines)


def test_exceptions_from_the_linters_give_a_reason_in_words():
    bare = re.compile(r"# (noqa: [A-Z]+\d+(, [A-Z]+\d+)*|type: ignore\[[\w, -]+\])\s*$")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_files()
        if path.suffix == ".py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line) or re.search(r"# (noqa|type: ignore)\s*$", line)
    ]
    assert found == []


def test_docstrings_begin_with_a_verb_or_a_thing_and_not_with_a_question():
    """Subject, verb, object: `Return the rows ...`, `A placeholder, ...`; not `What is returned`."""
    question = re.compile(r"(What|Whether|Who|Where|How|Which|Those|That of)\b")
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    found = [
        f"{path.relative_to(ROOT)}: {text.splitlines()[0]}"
        for path in tracked_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ROOMS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, documented) and question.match(text := ast.get_docstring(node) or "")
    ]
    assert found == []


def names_on_import(module: ast.Module) -> Iterator[str]:
    """The names that are looked up while a module is imported: all but those in the bodies of functions."""
    functions = (node for node in ast.walk(module) if isinstance(node, FUNCTIONS))
    bodies = {statement for function in functions for statement in function.body}
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            yield node.id
        waiting += [child for child in ast.iter_child_nodes(node) if child not in bodies]


def helpers_above(module: ast.Module) -> list[str]:
    """The private functions above a public one, but for those that the module needs while it is imported."""
    functions = [node for node in module.body if isinstance(node, FUNCTIONS)]
    last = max((one.lineno for one in functions if not one.name.startswith("_")), default=0)
    above = [one for one in functions if one.name.startswith("_") and one.lineno < last and not one.decorator_list]
    needed = {*names_on_import(module)} if above else set()
    return [one.name for one in above if one.name not in needed]


def test_public_functions_stand_above_their_helpers():
    found = {
        str(path.relative_to(ROOT)): helpers
        for path in tracked_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in {*ROOMS, "benchmarks", "tools"}
        if (helpers := helpers_above(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found == {}

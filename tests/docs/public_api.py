"""Write docs/public-api.md from the code: `python -m tests.docs.public_api`."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "public-api.md"
INTRODUCTION = """# What sites and plugins import

These modules, and what is listed of them, are all that a site or a plugin needs of the framework; import-linter holds
this repository's own to it. What is not on this page may change without notice. What is on it changes with a note in
the [changelog](../CHANGELOG.md), and goes only after a release in which it gave a `DeprecationWarning`
(`typing_extensions.deprecated`).

The kernel has at most eight public modules, the plugin `auth` three, and any other plugin of `dovetail.contrib` one:
today `dovetail.contrib.admin.views` and `dovetail.contrib.history.feed`. A site may leave these plugins out, so a
plugin that imports from one names it in `depends_on`; only its `admin.py`, which is imported where the back office
is, need not.

Signatures and texts are those of the code: `python -m tests.docs.public_api` writes this page. Values are in seconds,
bytes and characters where a text says nothing else. "Raise" names errors of [`dovetail.errors`](#dovetailerrors), each
of which the API answers with its own status, and a command with one line. Three more things are kept
as these are: the fixtures of [tests](testing.md) with their types, what `makemigrations` writes into a revision, and
what `startproject` writes into `manage.py` and `migrations/`.
"""

PUBLIC: dict[str, tuple[str, tuple[str, ...]]] = {
    "dovetail.plugin": (
        "A plugin's table of contents, its commands and checks, what they are given, and the texts that it shows.",
        (
            *(
                "Plugin",
                "AfterMigrate",
                "Migrated",
                "Routers",
                "Setup",
                "Lifespan",
                "Check",
                "Mountable",
                "Mounts",
                "lazy",
                "deferred",
                "Context",
                "context_of",
            ),
            *("plugin_settings", "StateKey", "Command", "async_command"),
            *("CheckMessage", "Level", "info", "warning", "error"),
            *("gettext", "ngettext", "pgettext", "npgettext", "gettext_lazy", "pgettext_lazy"),
            *("get_language", "shorten"),
            *("render_markdown", "render_excerpt"),
        ),
    ),
    "dovetail.settings": (
        "What a site reads from its environment, and what a plugin reads.",
        ("Settings", "Positive", "NotNegative", "Names", "load_settings", "load_plugin_settings"),
    ),
    "dovetail.application": ("The whole application of a site.", ("make_application", "site_application")),
    "dovetail.errors": (
        "Errors that know their status, their type and their title (RFC 9457).",
        (
            *("DovetailError", "FieldError", "ConfigurationError", "BadRequestError", "NotAuthenticatedError"),
            *(
                "PermissionDeniedError",
                "NotFoundError",
                "ConflictError",
                "GoneError",
                "StaleWriteError",
                "PayloadTooLargeError",
            ),
            *("UnsupportedMediaTypeError", "InvalidInputError", "PreconditionRequiredError", "UnavailableError"),
            "TooManyRequestsError",
        ),
    ),
    "dovetail.database.models": (
        "The base of every model, columns of files and where these are stored, and what indexes and conditions need.",
        (
            *("Base", "IdMixin", "RandomIdMixin", "TimestampMixin", "VersionMixin", "full_text", "related"),
            *("FileField", "ImageField", "StoredFile", "Storage", "FileSystemStorage"),
        ),
    ),
    "dovetail.database.session": (
        "The session of a request, where its reads run, sessions for answers that stream, and the database of scripts.",
        (
            *("SessionDep", "SourceDep", "ReadSource", "StreamSessionsDep", "unit_of_work", "stream_sessions"),
            *("lookup_session", "Database"),
        ),
    ),
    "dovetail.resources.resource": (
        "A REST API in ten lines, and policies for sites whose viewers are not `dovetail.contrib.auth.models.User`.",
        (
            *("Resource", "ReadSchema", "CreateSchema", "UpdateSchema", "From", "Envelope", "ONCE", "find_or_make"),
            "StoredFileRead",
            *("Policy", "Principal", "Recognized", "ReadOnly", "Open"),
        ),
    ),
    "dovetail.api.schemas": (
        "What requests and answers of the API are made of.",
        (
            "Schema",
            "Id",
            "PathId",
            "BodyId",
            "BigNumber",
            "UTCTime",
            "not_blank",
            "NotBlank",
            "NOT_BLANK",
            "Filter",
            "Page",
        ),
    ),
    "dovetail.contrib.auth.models": (
        "Users, groups and permissions.",
        ("User", "Group", "Permission", "UNUSABLE_PASSWORD"),
    ),
    "dovetail.contrib.auth.users": (
        "Making and changing users, for commands and other plugins.",
        (
            *("create_user", "update_user", "set_password", "get_user_by_login", "normalize_username"),
            *("normalize_email", "load_permissions", "log_in", "LoggedIn", "note_proof"),
        ),
    ),
    "dovetail.contrib.auth.access": (
        "Who is asking, how often they may, and what they may see and change.",
        (
            *("CurrentUser", "OptionalUser", "StaffUser", "UserBeside", "StaffBeside", "EnrollingUser"),
            *("begin_login", "SecondStep", "check_permission", "permission_required", "takes_scopes"),
            *("throttled", "throttle", "THROTTLED", "network_of", "RecentProof", "check_recent_proof"),
            *("UserPolicy", "ModelPermissions", "StaffWrite", "StaffOnly", "UserPublic"),
            "visible_rows",
        ),
    ),
    "dovetail.contrib.history.feed": (
        "All changes in the order of commits, for programs that follow them, on sites with the plugin history.",
        (
            *("read_history", "FeedPage", "START", "MAXIMUM_POSITION", "PositionOutOfRangeError"),
            *("RecordedChange", "ChangeAction", "ChangeSource"),
        ),
    ),
    "dovetail.contrib.admin.views": (
        "A model's pages in the back office.",
        (
            "AdminSite",
            "LoginForm",
            "ModelAdmin",
            "TabularInline",
            "StackedInline",
            "GenericTabularInline",
            "GenericStackedInline",
            *("InlineFormSet", "ChangeList", "ListFormSet", "ShowFacets"),
            "action",
            "display",
            "BooleanFilter",
            "ChoiceFilter",
            "ColumnFilter",
            "DateFilter",
            "EmptyFilter",
            "RelationFilter",
            "SelectedRows",
            "shortened",
            *("AdminPage", "render_page", "bind_form"),
            *("Figure", "Chart", "Listing", "Widget", "STAFF"),
            "badge",
            "user_of",
            "shown_rows",
        ),
    ),
}

# What the framework itself asks of every view and of the database, and no author calls or overrides.
INTERNAL = frozenset(
    {
        *(
            "site_secret_key",
            "list_query",
            "count_query",
            "select_object",
            "run_query",
            "run_choices_query",
            "make_loaders",
        ),
        *("autocompletes", "get_related", "page_parameter", "search_placeholder", "default_sort", "can_delete_any"),
        *("names_of", "displayed", "linking", "detailed", "exported", "paths", "sort_names", "sort_path", "sortable"),
        *("is_searchable", "shown_filters", "reads_text", "fast_unit_of_work", "outside_the_pool"),
    }
)


def page() -> str:
    """Return the page as it is to be. Raises LookupError for a name that a module does not define."""
    parts = [INTRODUCTION]
    for name, (line, names) in PUBLIC.items():
        parts.append(f"## `{name}`\n\n{line}\n")
        module = importlib.import_module(name)
        parts += [_entry(module, one) for one in names]
    return "\n".join(parts)


def signatures() -> dict[str, str]:
    """Return the signature of each name on the page, by module and name. Raises LookupError as `page` does."""
    return {
        f"{module}.{name}": _described(importlib.import_module(module), name)[0]
        for module, (_, names) in PUBLIC.items()
        for name in names
    }


def _entry(module: ModuleType, name: str) -> str:
    signature, text = _described(module, name)
    return f"### `{name}`\n\n```text\n{signature}\n```\n" + (f"\n{text}\n" if text else "")


def _described(module: ModuleType, name: str) -> tuple[str, str]:
    node, text = _definition(_owner(module, name), name)
    return "\n".join([*deprecations(node), *_signatures(node, module, name)]), text


def deprecations(node: ast.stmt) -> list[str]:
    """Return the decorator by which a function or class is deprecated, as it is written."""
    decorators = getattr(node, "decorator_list", [])
    return [f"@{text}" for one in decorators if (text := ast.unparse(one)).startswith("deprecated(")]


def _owner(module: ModuleType, name: str) -> ModuleType:
    """Return the module that defines a name which `module` imports `as` itself, and `module` for its own names."""
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ImportFrom) and any(one.name == one.asname == name for one in node.names):
            return importlib.import_module(node.module or "")
    return module


def _definition(module: ModuleType, name: str) -> tuple[ast.stmt, str]:
    source = inspect.getsource(module)
    body = ast.parse(source).body
    for number, node in enumerate(body):
        if _name_of(node) == name and not _is_overload(node):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                return node, inspect.cleandoc(ast.get_docstring(node) or "")
            return node, _text_of_value(source, body, number)
    raise LookupError(f"{module.__name__} does not define {name}")


def _text_of_value(source: str, body: list[ast.stmt], number: int) -> str:
    following = body[number + 1] if number + 1 < len(body) else None
    if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
        return inspect.cleandoc(str(following.value.value))
    line = source.splitlines()[(body[number].end_lineno or 1) - 1]
    comment = line.partition("  # ")[2]
    return "" if comment.startswith("noqa") else comment[:1].upper() + comment[1:]


def _signatures(node: ast.stmt, module: ModuleType, name: str) -> Iterator[str]:
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        yield f"class {name}({bases})" if bases else f"class {name}"
        yield from _members(getattr(module, name))
    else:
        yield _signature(node)


def _members(found: type) -> Iterator[str]:
    """Yield the public fields and methods of a class, and of its bases that are not on the page themselves."""
    listed = {name for _, names in PUBLIC.values() for name in names}
    seen: set[str] = set()
    for one in found.__mro__:
        if not one.__module__.startswith("dovetail.") or (one is not found and one.__name__ in listed):
            continue
        if one.__module__.endswith("_private"):
            continue
        source = inspect.getsource(one)
        (body,) = ast.parse(source).body
        assert isinstance(body, ast.ClassDef)
        for member in body.body:
            name = _name_of(member)
            if name and not name.startswith("_") and name != "model_config" and name not in seen | INTERNAL:
                seen.add(name)
                yield f"    {_signature(member)}{_comment(source, member) or _following(body.body, member)}"


def _following(body: list[ast.stmt], member: ast.stmt) -> str:
    """Return the text below a field as a comment, if there is one."""
    number = body.index(member) + 1
    following = body[number] if isinstance(member, ast.AnnAssign) and number < len(body) else None
    is_text = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
    return f"  # {following.value.value}" if is_text else ""  # type: ignore[union-attr]  # it is an ast.Expr


def _comment(source: str, node: ast.stmt) -> str:
    _, mark, comment = source.splitlines()[(node.end_lineno or 1) - 1].partition("  # ")
    is_said = mark and isinstance(node, ast.AnnAssign | ast.Assign) and not comment.startswith("noqa")
    return mark + comment if is_said else ""


def _signature(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        is_property = any("property" in ast.unparse(one) for one in node.decorator_list)
        text = (
            f"{node.name}{returns.replace(' -> ', ': ')}"
            if is_property
            else (f"{word} {node.name}({ast.unparse(node.args)}){returns}")
        )
    else:
        text = ast.unparse(node)
    text = re.sub(r"\bAnySelect\b", "Select[Any]", text)  # what it is an alias of
    return re.sub(r"'([^']*\b(?:Sequence|Mapping|Callable|type|Routers|Lifespan|Setup)\b[^']*)'", r"\1", text)


def _name_of(node: ast.stmt) -> str | None:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name
    if isinstance(node, ast.AnnAssign | ast.Assign):
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        return target.id if isinstance(target, ast.Name) else None
    return None


def _is_overload(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and any(ast.unparse(one) == "overload" for one in node.decorator_list)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

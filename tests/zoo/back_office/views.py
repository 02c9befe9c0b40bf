"""The views of the back office: one of the ark, and one for each animal with a key or a mapping of its own."""

from functools import cache

from sqlalchemy import inspect

from dovetail.contrib.admin.checks.view_checks import find_problems
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.database.models import Base
from dovetail.plugin import Plugin
from tests.zoo.animal import Animal
from tests.zoo.back_office import wardrobe
from tests.zoo.back_office.ark import ARKS, passengers
from tests.zoo.zoo import living_on

OPTIONS = ("fields", "search_fields", "sortable_by", "list_filter", "list_editable", "bulk_editable")


def office_plugin(kind: str) -> Plugin:
    """The plugin of all animals that live on a kind of database."""
    own = own_animals(kind)
    mapped = (mapper.class_ for one in own for mapper in inspect(one.model).iterate_to_root())
    views = (ark_view(kind), *(view_of(one) for one in own if not refusals_of(one)), *wardrobe.VIEWS)
    return Plugin(name="zoo", models=(ARKS[kind], *dict.fromkeys(mapped), *wardrobe.MODELS), admin_views=views)


def own_animals(kind: str) -> list[Animal]:
    """The animals that are more than a column."""
    return [one for one in living_on(kind) if one not in passengers(kind)]


@cache
def ark_view(kind: str) -> type[ModelAdmin]:
    """The view of the ark, in which each option names the columns that it may name."""
    names = [one.name for one in passengers(kind)]
    allowed = {option: tuple(name for name in names if not refusals(kind, option, name)) for option in OPTIONS}
    return _view(
        ARKS[kind],
        "ark",
        {"list_display": ("id", *names), **allowed, "can_import": True, "export_types": ("csv", "json", "xlsx")},
    )


@cache
def refusals(kind: str, option: str, name: str) -> tuple[str, ...]:
    """What is said of a view whose option names a column of the ark."""
    options = {"list_display": ("id", name), "fields": ("enum",), option: (name,)}
    if option in {"list_editable", "bulk_editable"}:
        options["fields"] = (name,)
    return tuple(find_problems(_view(ARKS[kind], "probe", options)))


def view_of(animal: Animal) -> type[ModelAdmin]:
    keys = tuple(animal.keys[0]) if animal.keys else ()
    found: dict[str, object] = {
        "list_display": (*(keys or ("id",)), "value", *animal.beside),
        "fields": (*keys, "value"),
        "form_include_pk": bool(keys),
        "can_import": True,
        "bulk_editable": () if animal.is_unique else ("value",),
    }
    for option in ("search_fields", "sortable_by", "list_filter", "list_editable"):
        found[option] = ("value",)
    return _view(animal.model, animal.name.lower(), found)


def refusals_of(animal: Animal) -> tuple[str, ...]:
    """What is said of the view of an animal."""
    return tuple(find_problems(view_of(animal)))


def problems_of_form(animal: Animal, *, read_only: bool = False) -> list[str]:
    """What is said of a view that lists the animal, and whose form edits or only shows it."""
    keys = tuple(animal.keys[0]) if animal.keys else ()
    options: dict[str, object] = {"list_display": (*(keys or ("id",)), "value"), "fields": (*keys, "value")}
    options |= {"form_include_pk": bool(keys), "readonly_fields": ("value",) if read_only else ()}
    return list(find_problems(_view(animal.model, "probe", options)))


def _view(model: type[Base], identity: str, options: dict[str, object]) -> type[ModelAdmin]:
    searches = bool(options.get("search_fields"))
    kept = {"__module__": __name__, "identity": identity, "searches_texts": searches, **options}
    return type(ModelAdmin)(f"{identity.title().replace('_', '')}Admin", (ModelAdmin,), kept, model=model)

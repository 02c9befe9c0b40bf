"""Write what a plugin is made of besides its models: resources, and views of the back office."""

from collections.abc import Iterator, Sequence

from sqlacodegen.models import ModelClass, RelationshipAttribute, RelationshipType
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
)

from dovetail.cli.inspection.models_code import ModelsGenerator, words_of
from dovetail.cli.scaffold.names import title
from dovetail.database.models import is_read_only
from dovetail.resources.schemas.column_types import type_of_values
from dovetail.resources.schemas.secret_columns import is_secret

SHOWN = (Boolean, Date, DateTime, Integer, Numeric, String)
COLUMNS = 5  # of a list in the back office


def template_values(metadata: MetaData, connection: Connection, name: str, package: str) -> dict[str, str]:
    """Return the values of the placeholders in the templates of a plugin over tables that were read."""
    generator = ModelsGenerator(metadata, connection, name)
    code = generator.generate()
    models = sorted(generator.models, key=lambda model: str(model.name))
    served = [model for model in models if len(model.table.primary_key.columns) == 1]
    names = {model.name: _collection(generator, model) for model in served}
    return {
        "name": name,
        "package": package,
        "models": code.rstrip(),
        "model_names": ", ".join(model.name for model in models),
        "served_names": ", ".join(model.name for model in served),
        "models_listed": ", ".join(f'"{model.name}"' for model in models) + ",",
        "policies": "\n".join(
            f'{_constant(model)} = ModelPermissions[{model.name}]("{name}.{model.name.lower()}")' for model in models
        ),
        "policies_listed": ", ".join(f'{model.name}="{package}.policies:{_constant(model)}"' for model in models),
        "resources": "\n".join(_resource(model, names[model.name], name) for model in served),
        "resource_names": ", ".join(names.values()) + ",",
        "views": "\n\n\n".join(_view(model, name) for model in models),
    }


def _constant(model: ModelClass) -> str:
    return "_".join(words_of(model.name)).upper()


def _collection(generator: ModelsGenerator, model: ModelClass) -> str:
    words = words_of(model.name)
    return "_".join([*words[:-1], generator.plural(words[-1])])


def _resource(model: ModelClass, collection: str, plugin: str) -> str:
    known = [one for one in model.columns if type_of_values(one.column.type) is not None]
    fields = [attribute.name for attribute in known if not is_secret(attribute.column)]
    return (
        f"{collection} = Resource(model={model.name}, fields={_tuple(fields)}, policy=policies.{_constant(model)}, "
        f'name="{plugin}_{"_".join(words_of(model.name))}", plural="{plugin}_{collection}", '
        f'path="{collection.replace("_", "-")}")'
    )


def _view(model: ModelClass, plugin: str) -> str:
    shown = list(_listed(model))[:COLUMNS]
    first = {columns[0].name for columns in _indexed(model)}
    indexed = {one.name for one in model.columns if one.column.name in first}
    lines = [
        f"class {model.name}Admin(ModelAdmin, model={model.name}):",
        f'    """Rows of {model.table.name}."""',
        "",
        f'    category = "{title(plugin)}"',
        f"    list_display = {_tuple(shown)}",
        f"    sortable_by = {_tuple([name for name in shown if name in indexed])}",
    ]
    if not is_read_only(model.table):
        lines.append(f"    exclude = {_tuple([one.name for one in model.columns if not _is_edited(one.column)])}")
        if any(map(_is_typed_key, model.table.primary_key)):
            lines.append("    form_include_pk = True")
        if chosen := [one.name for one in model.relationships if _refers(one)]:
            lines.append(f"    raw_id_fields = {_tuple(chosen)}")
    return "\n".join(lines)


def _refers(relation: RelationshipAttribute) -> bool:
    """Return whether the rows of the model hold the keys of the other's."""
    is_of_one = relation.type in {RelationshipType.MANY_TO_ONE, RelationshipType.ONE_TO_ONE}
    return is_of_one and relation.constraint is not None and relation.constraint.table is relation.source.table


def _is_typed_key(column: Column[object]) -> bool:
    """Return whether whoever makes a row says its key: neither a default nor a relation does."""
    is_counted = column is column.table.autoincrement_column or column.server_default is not None
    return not (is_counted or column.foreign_keys)


def _is_edited(column: Column[object]) -> bool:
    """Return whether a form has a field for a column: not for secrets, bytes, and what nobody can type."""
    kind = type_of_values(column.type)
    return not (is_secret(column) or kind is None or kind is bytes)


def _listed(model: ModelClass) -> Iterator[str]:
    """Yield the names of columns that a list shows: short ones, and no secrets."""
    for attribute in model.columns:
        column = attribute.column
        is_short = isinstance(column.type, SHOWN) and not isinstance(column.type, Text)
        if column.primary_key or (is_short and not is_secret(column)):
            yield attribute.name


def _indexed(model: ModelClass) -> Iterator[Sequence[Column[object]]]:
    """Yield the columns of each index: by the first of them rows are found in order."""
    found = [one for one in model.table.constraints if isinstance(one, PrimaryKeyConstraint | UniqueConstraint)]
    for one in [*found, *model.table.indexes]:
        if len(one.columns):
            yield list(one.columns)


def _tuple(names: Sequence[str]) -> str:
    return f"({', '.join(f'{name!r}' for name in names)}{',' * (len(names) == 1)})"

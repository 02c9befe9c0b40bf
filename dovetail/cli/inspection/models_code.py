"""Write the models of tables that were read: sqlacodegen's, with names and a base of our own."""

import dovetail.cli.inspection.unchecked_inflect  # noqa: F401 - before sqlacodegen, which imports inflect

# isort: split

import re

from sqlacodegen.generators import Base as BaseCode
from sqlacodegen.generators import DeclarativeGenerator, LiteralImport
from sqlacodegen.models import ColumnAttribute, Model, ModelClass, RelationshipAttribute, RelationshipType
from sqlalchemy import CheckConstraint, Column, Connection, Constraint, ForeignKey, Index, MetaData, String, Table
from sqlalchemy.dialects.postgresql import DOMAIN

from dovetail.cli.inspection.reading import PARTITIONED, counts_up

OPTIONS = ("nosyntheticenums", "nonativeenums", "include_dialect_options", "keep_dialect_types", "nojoined")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")
_TYPING = re.compile(r"^from typing import (.*)\n", re.MULTILINE)
OPTIONAL = "Optional["
SPOKEN = ("name", "title", "label", "last_name", "username", "code", "email")  # a row is called by the first of these


class ModelsGenerator(DeclarativeGenerator):
    """Writes models: attributes in snake case, relations called after their keys, deletions left to the database."""

    def __init__(self, metadata: MetaData, connection: Connection, plugin: str) -> None:
        super().__init__(metadata, connection, OPTIONS)
        self._plugin = plugin
        self.models: list[ModelClass] = []

    def generate(self) -> str:
        """Return the code of the module."""
        text = super().generate().replace("import datetime\n", "import datetime as dt\n").replace("[datetime.", "[dt.")
        head = f'"""Tables that were there before the plugin {self._plugin}, as its database tells of them."""'
        return f"{head}\n\n{_TYPING.sub(_without_optional, text)}"

    def generate_base(self) -> None:
        """Take the base of every model of every plugin."""
        imports = [LiteralImport("dovetail.database.models", "Base")]
        self.base = BaseCode(literal_imports=imports, declarations=[], metadata_ref="Base.metadata")

    def generate_models(self) -> list[Model]:
        """Return the models, and keep those that are classes."""
        models = super().generate_models()
        self.models = [model for model in models if isinstance(model, ModelClass)]
        return models

    def should_ignore_table(self, table: Table) -> bool:  # noqa: ARG002 - they were chosen when they were read
        """Return False."""
        return False

    def group_imports(self) -> list[list[str]]:
        """Return the imports, the one from the framework last."""
        own = "from dovetail.database.models import Base"
        return [*([line for line in group if line != own] for group in super().group_imports()), [own]]

    def fix_column_types(self, table: Table) -> None:
        """Leave types as they were read."""

    def generate_model_name(self, model: Model, global_names: set[str]) -> None:
        """Name a class in the singular and without the plugin's name; a table without one in lower case."""
        words = _named(model.table.name.removeprefix(f"{self._plugin}_"), "table")
        if isinstance(model, ModelClass):
            words[-1] = self.singular(words[-1])
            model.name = self.find_free_name("".join(word.capitalize() for word in words), global_names)
            self._name_attributes(model, global_names)
        else:
            model.name = self.find_free_name("_".join(words), global_names)

    def _name_attributes(self, model: ModelClass, global_names: set[str]) -> None:
        taken: set[str] = set()
        for column in model.columns:
            self.generate_column_attr_name(column, global_names, taken)
            taken.add(column.name)
        for relation in model.relationships:
            self.generate_relationship_name(relation, global_names, taken)
            taken.add(relation.name)

    def generate_column_attr_name(
        self, column_attr: ColumnAttribute, global_names: set[str], local_names: set[str]
    ) -> None:
        """Name a column's attribute in snake case."""
        name = "_".join(_named(column_attr.column.name, "column")) or "column"
        column_attr.name = self.find_free_name(name, global_names, local_names)

    def generate_relationship_name(
        self, relationship: RelationshipAttribute, global_names: set[str], local_names: set[str]
    ) -> None:
        """Name a relation after its key, `artist_id`, and one to many after the others' class."""
        name = self._relation_name(relationship)
        if name in local_names:
            name = "_".join(_named(relationship.target.table.name, "table"))
        relationship.name = self.find_free_name(name, global_names, local_names)

    def _relation_name(self, relation: RelationshipAttribute) -> str:
        target = _named(relation.target.table.name.removeprefix(f"{self._plugin}_"), "table")
        target[-1] = self.singular(target[-1])
        keys = ["_".join(words_of(one.name)) for one in relation.constraint.columns] if relation.constraint else []
        own = relation.constraint is not None and relation.constraint.table is relation.source.table
        if own and relation.backref is not None and not _is_reverse(relation) and len(keys) == 1:
            return keys[0].removesuffix("_id")
        if relation.type in {RelationshipType.ONE_TO_MANY, RelationshipType.MANY_TO_MANY}:
            target[-1] = self.plural(target[-1])
        name = "_".join(target)
        same = [
            one for one in relation.source.relationships if one.target is relation.target and one.type is relation.type
        ]
        is_told = len(same) > 1 and relation.type is RelationshipType.ONE_TO_MANY and keys
        return f"{name}_by_{keys[0].removesuffix('_id')}" if is_told else name

    def render_class(self, model: ModelClass) -> str:
        """Return the code of a class; its columns stand as in the table."""
        parts = [
            f'"""Rows of the table {model.table.name}.{_of_partitions(model.table)}"""',
            self.render_class_variables(model),
            "\n".join(self.render_column_attribute(one) for one in model.columns),
            "\n".join(self.render_relationship(one) for one in model.relationships),
            spoken(model),
        ]
        body = "\n\n".join(part for part in parts if part).replace("\n", f"\n{self.indentation}")
        return f"{self.render_class_declaration(model)}\n{self.indentation}{body}".replace(
            f"\n{self.indentation}\n", "\n\n"
        )

    def render_column_python_type(self, column: Column[object]) -> str:
        """Return the type of an attribute."""
        code = super().render_column_python_type(column)
        return f"{code[len(OPTIONAL) : -1]} | None" if code.startswith(OPTIONAL) else code

    def render_relationship_annotation(self, relationship: RelationshipAttribute) -> str:
        """Return the type of a relation."""
        code = super().render_relationship_annotation(relationship)
        return f'"{relationship.target.name} | None"' if code.startswith(OPTIONAL) else code

    def render_column_type(self, column: Column[object]) -> str:
        """Return the code of a type. Of a domain only what says what it is: it is made by the first migration."""
        kind = column.type
        if not isinstance(kind, DOMAIN):
            return super().render_column_type(column)
        self.add_import(DOMAIN)
        self.add_import(type(kind.data_type))
        parts = [repr(kind.name), repr(kind.data_type)]
        if kind.schema is not None:
            parts.append(f"schema={kind.schema!r}")
        if kind.collation is not None:
            parts.append(f"collation={kind.collation!r}")
        if kind.not_null:
            parts.append("not_null=True")
        if kind.check is not None:
            self.add_literal_import("sqlalchemy", "text")
            parts.append(f"constraint_name={kind.constraint_name!r}, check=text({str(kind.check)!r})")
        return f"DOMAIN({', '.join(parts)})"

    def render_column(self, column: Column[object], show_name: bool, is_table: bool = False) -> str:  # noqa: FBT001, FBT002 - sqlacodegen's signature
        """Return the code of a column; of a key that nobody counts up it is said."""
        code = super().render_column(column, show_name, is_table)
        is_key = column.primary_key and len(column.table.primary_key.columns) == 1 and not column.foreign_keys
        if not is_key or counts_up(column, self.bind.dialect.name):
            return code
        return code.replace("primary_key=True", "primary_key=True, autoincrement=False", 1)

    def render_constraint(self, constraint: Constraint | ForeignKey) -> str:
        """Return the code of a constraint; the name of a CHECK stays as it is, whatever the convention."""
        code = super().render_constraint(constraint)
        if not isinstance(constraint, CheckConstraint):
            return code
        self.add_literal_import("sqlalchemy.schema", "conv")
        return code.replace(f"name={constraint.name!r}", f"name=conv({str(constraint.name)!r})")

    def render_index(self, index: Index) -> str:
        """Return the code of an index, on expressions too."""
        if all(isinstance(one, Column) for one in index.expressions):
            return super().render_index(index)
        self.add_literal_import("sqlalchemy", "text")
        terms = [repr(one.name) if isinstance(one, Column) else f"text({str(one)!r})" for one in index.expressions]
        return f"Index({index.name!r}, {', '.join(terms)}{', unique=True' if index.unique else ''})"

    def render_relationship_arguments(self, relationship: RelationshipAttribute) -> dict[str, object]:
        """Leave to the database what becomes of rows when what they refer to is deleted."""
        found = dict(super().render_relationship_arguments(relationship))
        if relationship.type is RelationshipType.ONE_TO_MANY:
            found["passive_deletes"] = "'all'"
        return found

    def singular(self, word: str) -> str:
        """Return a word in the singular, if it looks like a plural."""
        if not word.endswith("s") or word.endswith(("ss", "us", "is")):
            return word
        return str(self.inflect_engine.singular_noun(word) or word)

    def plural(self, word: str) -> str:
        """Return a word in the plural."""
        return str(self.inflect_engine.plural_noun(word))


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case: `media`, `type` of "MediaType"."""
    found = [word.lower() for word in _WORD.split(name) if word]
    return [word for word in (re.sub(r"\W", "", one) for one in found) if word] or ["table"]


def spoken(model: ModelClass) -> str:
    """Return the method that says what a row is called; none if no column is a name."""
    texts = {one.name: one.column for one in model.columns if type(one.column.type) is String}
    exact = [name for name in SPOKEN if name in texts]
    chosen = next(iter([*exact, *(name for name in texts if name.endswith("_name"))]), None)
    if chosen is None:
        return ""
    key = next(one.name for one in model.columns if one.column.primary_key)
    other = f' or f"{model.name} {{self.{key}}}"' if texts[chosen].nullable else ""
    return f"def __str__(self) -> str:\n    return self.{chosen}{other}"


def _named(name: str, kind: str) -> list[str]:
    """Return the words of a name, after that of its kind where it begins with a digit, as no name in Python does."""
    words = words_of(name)
    return [kind, *words] if words and words[0][0].isdigit() else words


def _of_partitions(table: Table) -> str:
    is_partitioned = table.dialect_kwargs.get(PARTITIONED) is not None
    return " Its partitions are made by migrations of your own: the first one makes none." if is_partitioned else ""


def _is_reverse(relation: RelationshipAttribute) -> bool:
    return relation.type is RelationshipType.ONE_TO_MANY or (
        relation.constraint is not None and relation.constraint.table is not relation.source.table
    )


def _without_optional(found: re.Match[str]) -> str:
    names: list[str] = [name for name in found[1].split(", ") if name != "Optional"]
    return f"from typing import {', '.join(names)}\n" if names else ""

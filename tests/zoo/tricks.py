"""What a mapping can be beside a table with columns that may be null."""

from datetime import datetime

from sqlalchemy import JSON, Computed, Double, ForeignKey, String, Text, event, func
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, MappedAsDataclass, column_property, composite, mapped_column, synonym, validates
from sqlalchemy.schema import CreateSchema

from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin, TimestampMixin
from tests.zoo.animal import POSTGRESQL, Animal, Answered, ZooBase, mapped

GROUP = "Mappings"
NO_TEXT = (1, True, [], {}, "a\0b")


class Doubled(IdMixin, ZooBase):
    __tablename__ = "zoo_computed"
    value: Mapped[int] = mapped_column(default=0)
    double: Mapped[int] = mapped_column(Computed("value * 2", persisted=True))


def _virtual() -> type[Base]:
    """Map what an older PostgreSQL has not once it is asked for: a migration makes the table of every mapped class."""

    class Virtual(IdMixin, ZooBase):
        __tablename__ = "zoo_computed_virtual"
        value: Mapped[int] = mapped_column(default=0)
        double: Mapped[int] = mapped_column(Computed("value * 2", persisted=False))

    return Virtual


class Shouted(IdMixin, ZooBase):
    __tablename__ = "zoo_column_property"
    value: Mapped[str] = mapped_column(String(20))
    loud: Mapped[str] = column_property(func.upper(value, type_=String))


class Hybrid(IdMixin, ZooBase):
    __tablename__ = "zoo_hybrid"
    value: Mapped[int]

    @hybrid_property
    def double(self) -> int:
        return self.value * 2


class Deferred(IdMixin, ZooBase):
    __tablename__ = "zoo_deferred"
    value: Mapped[str | None] = mapped_column(Text, deferred=True)


class Data(MappedAsDataclass, ZooBase, kw_only=True):
    __tablename__ = "zoo_dataclass"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    value: Mapped[str] = mapped_column(String(20))
    extra: Mapped[str] = mapped_column(String(20), default="as ever")
    words: Mapped[list[str]] = mapped_column(JSON, default_factory=list)


class Renamed(IdMixin, ZooBase):
    __tablename__ = "zoo_renamed"
    value: Mapped[str] = mapped_column("The Value", String(20))


class Aliased(IdMixin, ZooBase):
    __tablename__ = "zoo_synonym"
    value: Mapped[str] = mapped_column(String(20))
    other: Mapped[str] = synonym("value")


class Validated(IdMixin, ZooBase):
    __tablename__ = "zoo_validates"
    value: Mapped[str] = mapped_column(String(20))

    @validates("value")
    def _is_no_curse(self, _name: str, value: str) -> str:
        if value == "damn":
            raise ValueError("expected no curse")
        return value.lower()


class Required(IdMixin, TimestampMixin, ZooBase):
    __tablename__ = "zoo_required"
    value: Mapped[str] = mapped_column(String(20), unique=True)


class WithDefaults(IdMixin, ZooBase):
    __tablename__ = "zoo_defaults"
    value: Mapped[str] = mapped_column(String(20), default="python", server_default="server")
    counted: Mapped[int] = mapped_column(server_default="7")
    called: Mapped[str] = mapped_column(String(20), default=lambda: "called")
    made_at: Mapped[datetime] = mapped_column(server_default=utcnow())


class Versioned(IdMixin, ZooBase):
    __tablename__ = "zoo_version"
    value: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(nullable=False)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - declared by SQLAlchemy, not as a ClassVar


class Harmless(IdMixin, ZooBase):
    """Names that sound secret and are not, of which one word says so where a check of names would think otherwise."""

    __tablename__ = "zoo_harmless"
    value: Mapped[str] = mapped_column("content_hash", String(20), info={"secret": False})
    secretary: Mapped[str] = mapped_column(String(20), default="Ada")
    token_count: Mapped[int] = mapped_column(default=7, info={"secret": False})


class Reserved(IdMixin, ZooBase):
    """Names that are words of SQL, in capitals, and with what has to be quoted."""

    __tablename__ = "zoo_Order"
    value: Mapped[str] = mapped_column("select", String(20))
    group: Mapped[int] = mapped_column("from", default=0)
    percent: Mapped[float] = mapped_column("100%", Double, default=0.0)
    user: Mapped[str] = mapped_column('a "b" c', String(20), default="")


def _in_schema() -> type[Base]:
    """Map the table where PostgreSQL is asked for it alone: the metadata of a site on SQLite names no schema."""

    class Housed(IdMixin, ZooBase):
        """A table in a schema of PostgreSQL, whose name has to be quoted, that refers to itself."""

        __tablename__ = "zoo_in_schema"
        __table_args__ = {"schema": "Back Office"}  # noqa: RUF012 - declared by SQLAlchemy, not as a ClassVar
        value: Mapped[str] = mapped_column(String(20), index=True)
        parent_id: Mapped[int | None] = mapped_column(
            ForeignKey("Back Office.zoo_in_schema.id", ondelete="CASCADE"), index=True
        )

    # A migration makes the schema; `create_all` does not.
    event.listen(Housed.__table__, "before_create", CreateSchema("Back Office", if_not_exists=True))
    return Housed


class Vehicle(IdMixin, ZooBase):
    __tablename__ = "zoo_single_table"
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(String(20))
    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "vehicle"}  # noqa: RUF012 - declared by SQLAlchemy, not as a ClassVar


class Car(Vehicle):
    doors: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "car"}  # noqa: RUF012 - declared by SQLAlchemy, not as a ClassVar


class Person(IdMixin, ZooBase):
    __tablename__ = "zoo_joined_base"
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(20), default="")
    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "person"}  # noqa: RUF012 - declared by SQLAlchemy, not as a ClassVar


class Engineer(Person):
    __tablename__ = "zoo_joined"
    id: Mapped[int] = mapped_column(ForeignKey("zoo_joined_base.id"), primary_key=True)
    value: Mapped[str] = mapped_column(String(20))
    __mapper_args__ = {"polymorphic_identity": "engineer"}  # noqa: RUF012 - declared by SQLAlchemy, not as a ClassVar


class Concrete(ZooBase):
    __tablename__ = "zoo_concrete_base"
    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(String(20), default="")


class ConcreteHeir(Concrete):
    __tablename__ = "zoo_concrete"
    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(String(20))
    __mapper_args__ = {"concrete": True}  # noqa: RUF012 - declared by SQLAlchemy, not as a ClassVar


class Place:
    """Two columns as one object."""

    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y

    def __composite_values__(self) -> tuple[int, int]:
        return self.x, self.y


class Composed(IdMixin, ZooBase):
    __tablename__ = "zoo_composite"
    value: Mapped[int] = mapped_column(default=0)
    y: Mapped[int] = mapped_column(default=0)
    place: Mapped[Place] = composite(Place, "value", "y")


class Tree(IdMixin, ZooBase):
    __tablename__ = "zoo_tree"
    value: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("zoo_tree.id", ondelete="CASCADE"), index=True)


TEXTS = ("a", "b'%")
ANIMALS = (
    mapped(Doubled, "Computed(..., persisted=True)", GROUP, 0, 7, wrong=("a",), beside={"double": (0, 14)}),
    Animal(
        name="computed_virtual",
        says="Computed(..., persisted=False)",
        group=GROUP,
        make=_virtual,
        right=(0, 7),
        wrong=("a",),
        beside={"double": (0, 14)},
        postgresql_since=18,
    ),
    mapped(Shouted, "column_property(func.upper(value))", GROUP, "a", "b", wrong=NO_TEXT, beside={"loud": ("A", "B")}),
    mapped(Hybrid, "@hybrid_property", GROUP, 0, 7, wrong=("a",), beside={"double": (0, 14)}),
    mapped(Deferred, "mapped_column(deferred=True)", GROUP, *TEXTS, wrong=NO_TEXT),
    mapped(
        Data,
        "MappedAsDataclass",
        GROUP,
        *TEXTS,
        wrong=NO_TEXT,
        beside={"extra": ("as ever", "as ever"), "words": ([], [])},
    ),
    mapped(Renamed, 'value = mapped_column("The Value")', GROUP, *TEXTS, wrong=NO_TEXT),
    mapped(Aliased, 'synonym("value")', GROUP, *TEXTS, wrong=NO_TEXT, beside={"other": TEXTS}),
    mapped(Validated, "@validates", GROUP, Answered("A", "a"), "b", wrong=(*NO_TEXT, "damn")),
    mapped(Required, "nullable=False, unique=True", GROUP, *TEXTS, wrong=(*NO_TEXT, None, "", " ")),
    mapped(WithDefaults, "default=, server_default=", GROUP, *TEXTS, wrong=(*NO_TEXT, None)),
    mapped(Versioned, "version_id_col", GROUP, *TEXTS, wrong=NO_TEXT),
    mapped(
        Harmless,
        'content_hash = mapped_column(info={"secret": False})',
        GROUP,
        *TEXTS,
        wrong=NO_TEXT,
        beside={"secretary": ("Ada", "Ada"), "token_count": (7, 7)},
    ),
    mapped(Reserved, 'a table "Order" with columns "select", "from", "100%"', GROUP, *TEXTS, wrong=NO_TEXT),
    Animal(
        name="in_schema",
        says='a table in a schema, {"schema": "Back Office"}',
        group=GROUP,
        make=_in_schema,
        right=TEXTS,
        wrong=NO_TEXT,
        on=POSTGRESQL,
    ),
    mapped(Vehicle, "polymorphic_on, the base", GROUP, *TEXTS, wrong=NO_TEXT),
    mapped(Engineer, "joined inheritance, the heir", GROUP, *TEXTS, wrong=NO_TEXT, beside={"name": ("", "")}),
    mapped(ConcreteHeir, "concrete inheritance, the heir", GROUP, *TEXTS, wrong=NO_TEXT),
    mapped(Composed, "composite(Place, ...)", GROUP, 0, 7, wrong=("a",)),
    mapped(Tree, "a foreign key to the table itself", GROUP, *TEXTS, wrong=NO_TEXT),
)

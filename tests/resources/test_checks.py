"""What no index serves is named before a table is large, with the index to add."""

import pytest
from sqlalchemy import Index, MetaData, String, func
from sqlalchemy.orm import Mapped, column_property, mapped_column

from dovetail.database.models import Base, IdMixin
from dovetail.errors import ConfigurationError
from dovetail.resources.checks import unserved
from dovetail.resources.policy import ReadOnly
from dovetail.resources.resource import Resource
from tests.library.models import Author, Book
from tests.library.schemas import AuthorRead, BookRead


def said(**declared):
    resource = Resource(model=Book, read=BookRead, policy=ReadOnly(), **declared)
    return {one.what: one.index for one in unserved(resource)}


def test_orders_and_filters_are_named_with_their_index():
    index = 'Index("ix_library_book_pages", Book.pages)'
    assert said(ordering=("pages", "id"), default_ordering="-pages") == {"the default order by pages": index}
    assert said(filters={"pages": ("gte", "isnull"), "id": "in"}) == {
        "the filter pages__gte": index,
        "the filter pages__isnull": index,
    }
    assert said(filters={"title": ("iexact", "icontains")}) == {
        "the filter title__iexact": 'Index("ix_library_book_title_lower", func.lower(Book.title))',
        "the filter title__icontains": None,
    }


class Cork(IdMixin, Base):
    __tablename__ = "cork"
    metadata = MetaData()
    name: Mapped[str] = mapped_column(String(20))
    loud: Mapped[str] = column_property(func.upper(name, type_=String))


def test_an_expression_that_is_mapped_as_a_column_is_named_without_an_index():
    filters = {"loud": ("exact", "iexact")}
    resource = Resource(model=Cork, fields=("name",), policy=ReadOnly(), ordering=("loud",), filters=filters)
    assert {one.what: one.index for one in unserved(resource)} == dict.fromkeys(
        ("the order by loud", "the filter loud", "the filter loud__iexact")
    )


def test_every_step_of_a_path_needs_its_index():
    assert said(filters={"genres__name": "exact"}) == {
        "the filter genres__name": 'Index("ix_library_book_genre_genre_id", library_book_genre.c.genre_id)'
    }
    assert set(said(filters={"author__name": "exact"}).values()) == {
        'Index("ix_library_book_author_id", Book.author_id)'
    }
    assert said(ordering=("author__name",)) == {"the order by author__name, which is another table's": None}


def test_a_search_by_like_is_named_with_the_words_to_index():
    assert said(search=("title", "author__name")) == {"its search": 'full_text(Book, "title")'}


def test_what_an_index_begins_with_is_served():
    by_name = Index("ix_library_author_name", Author.name.desc(), Author.born)
    lowered = Index("ix_library_author_email_lower", func.lower(Author.email))
    try:
        resource = Resource(
            model=Author,
            read=AuthorRead,
            policy=ReadOnly(),
            ordering=("name",),
            filters={"name": "exact", "email": "iexact", "born": "gte"},
        )
        assert [one.what for one in unserved(resource)] == ["the filter born__gte"]
    finally:
        Author.__table__.indexes -= {by_name, lowered}


class Worker(IdMixin, Base):
    __tablename__ = "worker"
    metadata = MetaData()
    kind: Mapped[str] = mapped_column(String(9))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "worker"}  # noqa: RUF012 - SQLAlchemy's own


class Manager(Worker):
    budget: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "manager"}  # noqa: RUF012 - as above


def test_a_column_that_one_of_the_classes_of_a_table_has_is_named_by_that_class():
    resource = Resource(model=Manager, fields=("budget",), policy=ReadOnly(), ordering=("budget", "kind"))
    assert [one.index for one in unserved(resource)] == [
        'Index("ix_worker_budget", Manager.budget)',
        'Index("ix_worker_kind", Worker.kind)',
    ]


class Leaf(IdMixin, Base):
    __tablename__ = "leaf"
    metadata = MetaData()
    branch: Mapped[int | None]


Index("ix_leaf_branch", Leaf.branch, sqlite_where=Leaf.branch.is_not(None), postgresql_where=Leaf.branch.is_not(None))


def test_an_index_of_rows_with_a_value_serves_what_compares_it_and_neither_null_nor_an_order():
    filters = {"branch": ("exact", "gte", "in", "isnull")}
    resource = Resource(model=Leaf, fields=("branch",), policy=ReadOnly(), ordering=("branch",), filters=filters)
    assert [one.what for one in unserved(resource)] == ["the order by branch", "the filter branch__isnull"]


def test_what_is_accepted_is_not_named_and_must_exist():
    assert said(ordering=("pages",), search=("title",), unindexed={"pages", "search"}) == {}
    with pytest.raises(ConfigurationError, match=r"unindexed names \['titel'\], expected some of pages, search"):
        said(ordering=("pages",), unindexed={"titel"})

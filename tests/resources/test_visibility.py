"""What a viewer may know of, as compiled statements ask about it."""

import pytest
from sqlalchemy import Integer, String, TypeDecorator, column, true

from dovetail.resources.visibility import EVERYTHING, Visibility

owner_id, state_name = column("owner_id", Integer), column("state", String)


class Uncached(TypeDecorator):
    """A type of another library, which forbids SQLAlchemy to keep statements."""

    impl = String
    cache_ok = False


@pytest.mark.parametrize(
    ("hidden", "name", "is_hidden"),
    [
        ("email", "email", True),
        ("email", "emails", False),
        ("email", "author.email", False),
        ("author.email", "author.email", True),
        ("author.email", "author", False),
        ("author.email", "author.username", False),
        ("author", "author.email", True),
        ("author", "authors.email", False),
        ("post.author", "post.author.email", True),
        ("post.author", "post.title", False),
    ],
)
def test_a_field_is_hidden_by_its_name_or_by_that_of_what_it_belongs_to(hidden, name, is_hidden):
    assert Visibility(true(), {}, frozenset({hidden})).hides(name) is is_hidden
    assert not EVERYTHING.hides(name)


def of(viewer, state="open", hidden=frozenset()):
    return Visibility(owner_id == viewer, {"post": state_name == state, "author": owner_id != viewer}, hidden)


def test_viewers_who_differ_in_values_alone_share_a_compiled_statement_and_bring_their_values():
    assert of(1).is_cacheable
    assert of(1).cache_key == of(2, "shut").cache_key
    # Of the rows first, and then of the relations by name.
    assert of(1).bind_values == (1, 1, "open")
    assert of(2, "shut").bind_values == (2, 2, "shut")
    assert EVERYTHING.bind_values == ()


@pytest.mark.parametrize(
    "other",
    [
        of(1, hidden=frozenset({"email"})),
        Visibility(owner_id > 1, of(1).related, frozenset()),
        Visibility(owner_id == 1, {}, frozenset()),
        Visibility(owner_id == 1, {"post": state_name == "open", "editor": owner_id != 1}, frozenset()),
        EVERYTHING,
    ],
)
def test_a_condition_a_relation_or_a_hidden_field_that_differs_needs_another_statement(other):
    assert of(1).cache_key != other.cache_key


def test_a_condition_that_sqlalchemy_keeps_no_statement_of_is_not_kept_here():
    odd = Visibility(owner_id == 1, {"post": column("odd", Uncached) == "x"}, frozenset())
    assert not odd.is_cacheable
    assert odd.bind_values == (1,)

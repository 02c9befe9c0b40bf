"""What a viewer may know of, as compiled statements ask about it."""

import pytest
from sqlalchemy import Integer, String, TypeDecorator, bindparam, column, true

from dovetail.errors import ConfigurationError
from dovetail.resources.visibility import EVERYTHING, Visibility
from dovetail.resources.within import Within

owner_id, state_name = column("owner_id", Integer), column("state", String)
post_id = column("post_id", Integer)
OF_ONE, OF_TWO, OPEN = owner_id == 1, owner_id == 2, state_name == "open"


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


def test_the_first_viewer_of_a_kind_is_the_template_of_the_next_where_templates_are_kept():
    kept = {}
    first, second, other = (Visibility(condition, {}, frozenset(), kept) for condition in (OF_ONE, OF_TWO, OPEN))
    assert first.template is first
    assert second.template is first
    assert other.template is other
    assert of(1).template is None
    assert Visibility(column("odd", Uncached) == "x", {}, frozenset(), kept).template is None
    assert EVERYTHING.template is EVERYTHING


def test_a_list_within_another_row_has_the_viewers_rows_and_values_and_a_template_of_its_own():
    kept = {}
    place, elsewhere = Within(post_id == bindparam("post")), Within(post_id == bindparam("other"))
    ada, bob = (Visibility(each, {"post": OPEN}, frozenset({"email"}), kept) for each in (OF_ONE, OF_TWO))
    of_ada, of_bob = ada.narrowed(place, {"post": 7}), bob.narrowed(place, {"post": 8})

    assert (of_ada.rows, of_ada.related, of_ada.hidden) == (ada.rows, ada.related, ada.hidden)
    assert of_ada.within is place.condition
    assert of_ada.named_values == {"post": 7}
    assert (ada.within, dict(ada.named_values)) == (None, {})
    assert of_ada.bind_values == (1, "open", 7)
    assert of_bob.bind_values == (2, "open", 8)
    assert of_ada.cache_key == of_bob.cache_key
    assert of_ada.cache_key not in {ada.cache_key, ada.narrowed(elsewhere, {"other": 7}).cache_key}
    assert of_ada.template is of_ada
    assert of_bob.template is of_ada
    assert ada.narrowed(elsewhere, {"other": 7}).template is not of_ada


def test_a_list_within_what_cannot_be_kept_has_no_template():
    place = Within(column("odd", Uncached) == bindparam("odd", type_=Uncached))
    assert Visibility(OF_ONE, {}, frozenset(), {}).narrowed(place, {"odd": "x"}).template is None
    assert of(1).narrowed(Within(post_id == bindparam("post")), {"post": 7}).template is None


@pytest.mark.parametrize(
    ("values", "told"), [({}, "placeholders none of a list, expected a, b"), ({"b": 1, "c": 2}, "placeholders b, c of")]
)
def test_values_that_are_not_those_of_the_placeholders_are_refused(values, told):
    place = Within((post_id == bindparam("b")) | (post_id == bindparam("a")))
    with pytest.raises(ConfigurationError, match=told):
        EVERYTHING.narrowed(place, values)

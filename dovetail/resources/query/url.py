"""Read the query parameters of a list, without FastAPI: each list has its own, and it has to be fast."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Literal
from urllib.parse import parse_qsl

from pydantic import SecretStr

from dovetail.api.schemas import LARGEST_ID
from dovetail.errors import BadRequestError, FieldError, InvalidInputError, quoted
from dovetail.resources.query.comparable import read_value
from dovetail.resources.query.cursors import Cursor, read_cursor
from dovetail.resources.query.filters import FilterParameter
from dovetail.resources.query.ordering import Term, Terms
from dovetail.resources.visibility import Visibility

DEFAULT_LIMIT = 20
MAXIMUM_LIMIT = 100
CAP = 10_000  # how far `count=capped` counts
MAXIMUM_LENGTH = 200  # of a search
MAXIMUM_NAMES = 1_000  # characters of `fields`, `expand` and `ordering` beyond those of all the names there are
MAXIMUM_PARAMETERS = 100

Count = Literal["no", "exact", "capped"]
Values = Mapping[str, str]
COUNTS: Mapping[str, Count] = {"true": "exact", "false": "no", "capped": "capped"}
PAGING = ("limit", "offset", "cursor", "count")
# The errors for parameters that other lists have.
ABSENT_OF_ITEM = {"expand": "nothing here can be expanded; leave the parameter out"}
ABSENT = ABSENT_OF_ITEM | {
    "ordering": "this list has no ordering to choose; leave the parameter out",
    "search": "this list has no search; leave the parameter out",
}


@dataclass(frozen=True)
class Grammar:
    """The query parameters of one list."""

    list_name: str  # to which its cursors belong
    filters: Mapping[str, FilterParameter]
    terms: Mapping[str, Term]
    default_ordering: str
    is_searchable: bool
    fields: Mapping[str, str]  # names in URLs, each with the name by which policies hide it
    expandable: frozenset[str]
    default_limit: int = DEFAULT_LIMIT
    maximum_limit: int = MAXIMUM_LIMIT
    counts: bool = False  # whether the list is counted without `count=`

    def within(self, visibility: Visibility) -> "Grammar":
        """Return the parameters without those about fields that are hidden from the viewer."""
        if not visibility.hidden:
            return self
        return replace(
            self,
            filters={name: one for name, one in self.filters.items() if not visibility.hides(one.path.field)},
            terms={name: term for name, term in self.terms.items() if not visibility.hides(term.path.field)},
            fields={name: place for name, place in self.fields.items() if not visibility.hides(place)},
            expandable=frozenset(name for name in self.expandable if not visibility.hides(self.fields[name])),
        )

    def takes_several(self, name: str) -> bool:
        """Return True if the parameter is a filter with several values."""
        return name in self.filters and self.filters[name].lookup.operand in ("values", "pair")

    def names(self) -> tuple[str, ...]:
        """Return the name of every parameter, in the order of the documentation."""
        optional = {"search": self.is_searchable, "ordering": bool(self.terms), "expand": bool(self.expandable)}
        return (*self.filters, *(name for name, there in optional.items() if there), "fields", *PAGING)


@dataclass(frozen=True, kw_only=True)
class ItemQuery:
    """The fields of an object that a URL asks for."""

    fields: frozenset[str] = frozenset()  # all, if it is empty
    expand: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ListQuery(ItemQuery):
    """The rows of a list that a URL asks for, and their fields."""

    filters: tuple[tuple[FilterParameter, object], ...] = ()
    terms: Terms = ()
    search: str = ""
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    cursor: Cursor | None = None
    by_cursor: bool = False
    count: Count = "no"


@dataclass
class _Reader:
    values: Values
    grammar: Grammar
    errors: list[FieldError] = field(default_factory=list)

    def number(self, name: str, default: int, low: int, high: int) -> int:
        text = self.values.get(name)
        if text is None:
            return default
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 20 and low <= int(text) <= high):  # noqa: PLR2004 - digits of 64 bits
            self.refuse(name, f"expected a whole number from {low} to {high}")
            return default
        return int(text)

    def names(self, name: str, known: Iterable[str]) -> frozenset[str]:
        allowed = set(known)
        is_absent = name in ABSENT and not allowed  # `_refuse_unknown` has added the error
        if name not in self.values or is_absent:
            return frozenset()
        wanted = self.split(name, self.values[name], allowed)
        for one in wanted:
            if one not in allowed:
                self.refuse(
                    name,
                    f"{quoted(one)} is not among {', '.join(sorted(allowed)) or 'the fields: none is yours to see'}",
                )
        return frozenset(wanted)

    def split(self, name: str, text: str, known: Iterable[str]) -> list[str]:
        """Return the names in `text`; refuse a text that is longer than all known names together."""
        maximum = MAXIMUM_NAMES + sum(len(one) + 2 for one in known)
        if len(text) > maximum:
            self.refuse(name, f"expected at most {maximum} characters")
            return []
        return [part.strip() for part in text.split(",")]

    def refuse(self, name: str, detail: str, kind: str = "bad_parameter") -> None:
        self.errors.append(FieldError(pointer=name, detail=detail, type=kind))


def split_query(query_string: bytes, grammar: Grammar | None = None) -> dict[str, str]:
    """Return the parameters of a URL; a filter with several values may be repeated.

    Raise BadRequestError for too many parameters, InvalidInputError if another parameter is repeated.
    """
    try:
        pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=MAXIMUM_PARAMETERS)
    except ValueError:
        raise BadRequestError(f"The URL has more than {MAXIMUM_PARAMETERS} parameters.") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = {name for name in names if names.count(name) > 1}
        several = {name for name in twice if grammar is not None and grammar.takes_several(name)}
        if twice - several:
            raise repeated(twice - several)
        found |= {name: ",".join(value for key, value in pairs if key == name) for name in several}
    return found


def repeated(names: Iterable[str]) -> InvalidInputError:
    """Return the error for repeated parameters."""
    return InvalidInputError(
        errors=[
            FieldError(pointer=name[:MAXIMUM_LENGTH], detail="the parameter comes twice", type="repeated")
            for name in sorted(names)
        ]
    )


def read_list_query(values: Values, grammar: Grammar, secret_key: SecretStr) -> ListQuery:
    """Return the query of a list. Raise InvalidInputError with every parameter that is wrong or unknown."""
    reader = _Reader(values, grammar)
    _refuse_unknown(reader, grammar.names(), ABSENT)
    query = ListQuery(
        filters=tuple(_filters(reader)),
        terms=_terms(reader),
        search=_search(reader),
        limit=reader.number("limit", grammar.default_limit, 1, grammar.maximum_limit),
        offset=reader.number("offset", 0, 0, LARGEST_ID),
        cursor=_cursor(reader, secret_key),
        by_cursor="cursor" in values,
        count=_count(reader),
        fields=reader.names("fields", grammar.fields),
        expand=reader.names("expand", grammar.expandable),
    )
    if query.by_cursor and query.offset:  # generated clients send the default of 0 with every request
        reader.refuse("offset", "a page is found by `cursor` or by `offset`, not by both")
    if reader.errors:
        raise InvalidInputError(errors=reader.errors)
    return query


def read_item_query(values: Values, grammar: Grammar) -> ItemQuery:
    """Return the query of a single object. Raise InvalidInputError."""
    reader = _Reader(values, grammar)
    _refuse_unknown(reader, ("fields", "expand") if grammar.expandable else ("fields",), ABSENT_OF_ITEM)
    query = ItemQuery(fields=reader.names("fields", grammar.fields), expand=reader.names("expand", grammar.expandable))
    if reader.errors:
        raise InvalidInputError(errors=reader.errors)
    return query


def _refuse_unknown(reader: _Reader, known: Iterable[str], absent: Mapping[str, str]) -> None:
    unknown = reader.values.keys() - set(known)
    if not unknown:
        return
    allowed = sorted(known)
    for name in reader.values:
        if name in unknown:
            near = get_close_matches(name, allowed, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            detail = absent.get(name, f"unknown parameter; {hint}expected one of {', '.join(allowed)}")
            reader.refuse(name[:MAXIMUM_LENGTH], detail, "unknown")


def _filters(reader: _Reader) -> Iterable[tuple[FilterParameter, object]]:
    for name, text in reader.values.items():
        parameter = reader.grammar.filters.get(name)
        if parameter is not None:
            value, errors = read_value(parameter.adapter, name, text)
            reader.errors += errors
            yield parameter, value


def _terms(reader: _Reader) -> Terms:
    if not reader.grammar.terms:  # `_refuse_unknown` has refused to order by one
        return ()
    text = reader.values.get("ordering", reader.grammar.default_ordering)
    terms: list[Term] = []
    for name in reader.split("ordering", text, reader.grammar.terms) if text or "ordering" in reader.values else ():
        term = reader.grammar.terms.get(name.removeprefix("-"))
        if term is None:
            if "ordering" in reader.values:
                known = ", ".join(sorted(reader.grammar.terms))
                reader.refuse("ordering", f"cannot order by {quoted(name)}, expected one of {known}")
            continue
        if term.path.name in {other.path.name for other in terms}:
            reader.refuse("ordering", f"names {quoted(term.path.name)} twice", "repeated")
        terms.append(term.reversed() if name.startswith("-") else term)
    return tuple(terms)


def _search(reader: _Reader) -> str:
    text = reader.values.get("search", "").strip()
    if len(text) > MAXIMUM_LENGTH:
        reader.refuse("search", f"expected at most {MAXIMUM_LENGTH} characters")
    return text


def _cursor(reader: _Reader, secret_key: SecretStr) -> Cursor | None:
    text = reader.values.get("cursor")
    if not text:
        return None
    try:
        return read_cursor(text, secret_key=secret_key, list_name=reader.grammar.list_name)
    except InvalidInputError as error:
        reader.errors += error.errors
        return None


def _count(reader: _Reader) -> Count:
    found = COUNTS.get(reader.values.get("count", "true" if reader.grammar.counts else "false"))
    if found is None:
        reader.refuse("count", "expected true, false or capped")
        return "no"
    return found

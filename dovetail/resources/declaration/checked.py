"""Check a resource's fields when it is made: names that do not exist, and fields that contradict each other."""

from dovetail.api.base64_bytes import has_raw_bytes
from dovetail.errors import ConfigurationError
from dovetail.resources.declaration.declared import OPERATIONS
from dovetail.resources.declaration.derived import Derived
from dovetail.resources.query.comparable import python_type
from dovetail.resources.schemas.file_columns import unwritable_files
from dovetail.resources.schemas.lookups import check_lookup


def check_declaration(spec: Derived) -> None:
    """Raise ConfigurationError, in one line, for the first thing that would not work."""
    if len(spec.keys) > 1:
        _check_several(spec)
    if not 1 <= spec.default_limit <= spec.maximum_limit:
        raise ConfigurationError(
            f"{spec.singular}: default_limit is {spec.default_limit} and maximum_limit {spec.maximum_limit}, "
            "expected 1 <= default_limit <= maximum_limit"
        )
    _check_addresses(spec)
    _check_schemas(spec)
    _ = spec.grammar, spec.reader  # which check every name
    _check_limits(spec)
    _check_names(spec)


def _check_several(spec: Derived) -> None:
    """Raise ConfigurationError for what a primary key of several columns cannot be, or do."""
    for name in spec.keys:
        if python_type(getattr(spec.model, name).type) is None:
            raise ConfigurationError(f"{spec.singular}: {name} is part of the primary key, and no address can hold it")
    if spec.links:
        raise ConfigurationError(
            f"{spec.singular}: links needs a primary key of one column, found {', '.join(spec.keys)}; write "
            f"{sorted(spec.links)} by a service of yours"
        )


def _check_addresses(spec: Derived) -> None:
    """Raise ConfigurationError for a `lookup` that does not tell rows apart, and for two endpoints at one PUT."""
    if spec.lookup:
        check_lookup(spec.singular, spec.model, spec.lookup)
    if spec.reserved and not spec.lookup:
        raise ConfigurationError(f"{spec.singular}: reserved names keys of a `lookup`, and there is none")
    _check_puts(spec)


def _check_puts(spec: Derived) -> None:
    if spec.put_creates and (not spec.has("replace") or spec.create_with is not None):
        raise ConfigurationError(
            f"{spec.singular}: put_creates makes a row of the body of `replace`: give that, and no create_with"
        )
    if spec.put_creates and spec.is_numbered and not spec.lookup:
        raise ConfigurationError(
            f"{spec.singular}: put_creates takes the key from the path, and the database counts up"
        )
    twice = sorted(set(spec.known_by) & spec.replace.model_fields.keys()) if spec.replace and spec.put_creates else []
    if twice:
        raise ConfigurationError(
            f"{spec.singular}: put_creates takes {twice[0]} from the path, and the body of `replace` has it too; leave "
            "it out there"
        )
    if spec.update_method == "PUT" and (spec.replace is not None or not spec.has("update")):
        found = "PUT is `replace`" if spec.replace is not None else "there is no `update` to be sent by PUT"
        raise ConfigurationError(f"{spec.singular}: {found}, so update_method has to be PATCH")


def _check_schemas(spec: Derived) -> None:
    """Raise ConfigurationError for a schema that JSON cannot hold, and for one that would write the key of a file."""
    for schema in (spec.read, spec.listed, spec.written, spec.create, spec.update, spec.replace):
        if schema is not None and has_raw_bytes(schema):
            raise ConfigurationError(
                f"{schema.__name__} has a field of bytes, which JSON cannot hold; derive it from "
                "dovetail.api.schemas.Schema, which has them as base64"
            )
    for problem in unwritable_files(spec.model, spec.create, spec.update, spec.replace):
        raise ConfigurationError(f"{spec.singular}: {problem}")


def _check_limits(spec: Derived) -> None:
    offered = [name for name in OPERATIONS if spec.has(name)]
    if not isinstance(spec.limits, str) and (strangers := set(spec.limits) - set(offered)):
        raise ConfigurationError(
            f"{spec.singular}: limits names {sorted(strangers)}, expected some of {', '.join(offered)}"
        )
    for operation in offered:
        spec.dependencies(operation)


def _check_names(spec: Derived) -> None:
    """Raise ConfigurationError for orders and filters that are named and are none."""
    terms = spec.grammar.terms
    unknown = {part.strip().removeprefix("-") for part in spec.default_ordering.split(",")} - {"", *terms}
    if unknown:
        raise ConfigurationError(
            f"{spec.singular}: default_ordering names {sorted(unknown)}, which `ordering` does not"
        )
    names = spec.grammar.names()
    if taken := sorted(name for name in spec.grammar.filters if names.count(name) > 1):
        raise ConfigurationError(
            f"{spec.singular}: filters name {taken}, which every list has; give them another name, as in "
            f"{{'my_{taken[0]}': Filter('exact', path=...)}}"
        )
    known = {"search", *terms, *spec.grammar.filters}
    if strangers := sorted(set(spec.unindexed) - known):
        raise ConfigurationError(
            f"{spec.singular}: unindexed names {strangers}, expected some of {', '.join(sorted(known))}"
        )

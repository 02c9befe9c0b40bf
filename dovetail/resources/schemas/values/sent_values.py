"""Rules for values that are sent, which pydantic's types do not know: they raise ValueError."""

from collections.abc import Sequence
from datetime import time

from pydantic import AfterValidator, BeforeValidator


def _no_flag(value: object) -> object:
    # pydantic takes true for 1, which no document promises.
    if isinstance(value, bool):
        raise ValueError("expected a number, found true or false")  # noqa: TRY004 - pydantic wants it
    return value


def _even(values: Sequence[object]) -> object:
    if len({_shape(one) for one in values}) > 1:
        raise ValueError("expected lists of one length")
    return values


def _shape(value: object) -> tuple[object, ...]:
    if not isinstance(value, list):
        return ()
    _even(value)
    return (len(value), *{_shape(one) for one in value})


def _zoned(value: time) -> time:
    if value.tzinfo is None:
        raise ValueError("expected a time with its zone, as in 12:00:00Z")
    return value


def _zoneless(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("expected a time without a zone, as in 12:00:00")
    return value


NO_FLAG = BeforeValidator(_no_flag)  # true is no number
EVEN = AfterValidator(_even)  # lists in a list are of one length
ZONED, ZONELESS = AfterValidator(_zoned), AfterValidator(_zoneless)

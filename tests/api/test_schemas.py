"""What every schema promises, whatever the database."""

import sys
from typing import Annotated

import pytest
from pydantic import AfterValidator, TypeAdapter, ValidationError

from dovetail.api.schemas import NotBlank, Page, Schema, UTCTime, not_blank


class Event(Schema):
    at: UTCTime


class Row:
    at = "2026-01-02T03:04:05+02:00"
    secret = "not for the answer"


def test_a_time_is_answered_in_utc_with_a_z():
    assert Event.model_validate(Row()).model_dump_json() == '{"at":"2026-01-02T01:04:05Z"}'
    assert Event(at="2026-01-02T03:04:05.123456").model_dump_json() == '{"at":"2026-01-02T03:04:05.123456Z"}'
    assert Event(at="2026-01-02").model_dump_json() == '{"at":"2026-01-02T00:00:00Z"}'


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon", "", None])
def test_a_time_that_utc_cannot_hold_is_refused(value):
    with pytest.raises(ValidationError):
        Event(at=value)


def test_an_unknown_field_is_refused_and_named():
    with pytest.raises(ValidationError, match="att"):
        Event.model_validate({"at": "2026-01-02", "att": 1})


def test_openapi_closes_what_clients_send_and_leaves_answers_open():
    assert Event.model_json_schema(mode="validation")["additionalProperties"] is False
    assert "additionalProperties" not in Event.model_json_schema(mode="serialization")
    page = Page[Event].model_json_schema(mode="serialization")
    assert "additionalProperties" not in str(page)
    assert page["title"] == Page[Event].__name__ == "EventPage"


def test_a_page_is_made_of_one_kind_of_item():
    page = TypeAdapter(Page[Event]).validate_python(
        Page(items=[Event(at="2026-01-02")], total=None, next=None, previous=None), from_attributes=True
    )
    assert page.items[0].at.year == 2026


def test_a_text_is_blank_to_pydantics_core_where_it_is_to_python():
    refused = set()
    blank = TypeAdapter(Annotated[str, NotBlank()])
    for number in {*range(sys.maxunicode + 1)} - {*range(0xD800, 0xE000)}:
        try:
            blank.validate_python(chr(number))
        except ValidationError:
            refused.add(chr(number))
    assert refused == {chr(number) for number in range(sys.maxunicode + 1) if chr(number).isspace()}


def test_both_rules_for_blank_texts_say_the_same():
    adapters = [TypeAdapter(Annotated[str, rule]) for rule in (NotBlank(), AfterValidator(not_blank))]
    told = []
    for adapter in adapters:
        assert adapter.validate_python(" x ") == " x "
        with pytest.raises(ValidationError) as refused:
            adapter.validate_python(" \t")
        told.append([(one["type"], one["msg"], one["loc"]) for one in refused.value.errors()])
    assert told[0] == told[1]
    assert adapters[0].json_schema() == adapters[1].json_schema() == {"type": "string"}

"""Templates are filled in by plain functions, and wait all the same for what they call."""

import asyncio
import contextvars

import pytest
from jinja2 import DictLoader, Environment
from starlette.requests import Request

from dovetail.contrib.admin.templating.filling import Templates
from dovetail.contrib.admin.templating.waiting import run, wait
from dovetail.database.drivers.sqlalchemy_private import may_block

language = contextvars.ContextVar("language", default="en")


async def written(template: str, **values) -> str:
    templates = Templates(Environment(loader=DictLoader({"page": template}), autoescape=True, enable_async=True))
    page = await templates.TemplateResponse(Request({"type": "http"}), "page", values)
    return page.body.decode()


async def late(value):
    """Return a value after a turn of the event loop."""
    await asyncio.sleep(0)
    return value


async def numbers():
    for number in range(3):
        yield await late(number)


async def test_a_template_shows_what_comes_of_a_coroutine_that_it_calls():
    assert await written("{{ late('a & b') }}", late=late) == "a &amp; b"


async def test_a_condition_asks_what_comes_of_a_coroutine():
    assert await written("{% if late(false) %}yes{% else %}no{% endif %}", late=late) == "no"


async def test_a_macro_waits_as_well():
    assert await written("{% macro twice(x) %}{{ late(x) * 2 }}{% endmacro %}{{ twice('a') }}", late=late) == "aa"


async def test_a_loop_goes_through_what_comes_late():
    assert (
        await written("{% for n in numbers() %}{{ n }}{{ ',' if not loop.last }}{% endfor %}", numbers=numbers)
        == "0,1,2"
    )


async def test_an_error_of_what_is_waited_for_is_raised_in_the_page():
    async def fails():
        await late(None)
        raise LookupError("not there")

    with pytest.raises(LookupError, match="not there"):
        await written("{{ fails() }}", fails=fails)


async def test_a_page_that_is_cancelled_stops():
    reached = asyncio.Event()

    async def never():
        reached.set()
        await asyncio.Event().wait()

    page = asyncio.create_task(written("{{ never() }}", never=never))
    await reached.wait()
    page.cancel()
    with pytest.raises(asyncio.CancelledError):
        await page


async def test_variables_of_the_context_are_those_of_the_request():
    language.set("de")
    assert await written("{{ ask() }}{{ late(1) }}{{ ask() }}", ask=language.get, late=late) == "de1de"


async def test_a_page_is_no_place_where_a_relation_may_be_loaded():
    """SQLAlchemy's own greenlets would load what nobody asked for, row by row."""
    assert await written("{{ may_block() }}", may_block=may_block) == "False"


async def test_waiting_elsewhere_says_what_to_do():
    coroutine = late(1)
    with pytest.raises(RuntimeError, match="have the page written by `run`"):
        wait(coroutine)
    assert await coroutine == 1


async def test_a_plain_function_returns_what_it_returns():
    assert await run(lambda: wait(late(1)) + wait(late(2))) == 3

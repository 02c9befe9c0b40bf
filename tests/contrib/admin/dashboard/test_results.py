"""What a widget found is kept for its time, for those who ask the same, and of so many only."""

import asyncio

import pytest

from dovetail.contrib.admin.dashboard.results import FAILED_FOR, Result, Results
from dovetail.contrib.admin.widgets.drawing import HEIGHT, draw


class Source:
    """Something to ask, which counts how often it was."""

    def __init__(self, rows):
        self.rows, self.asked = rows, 0

    async def find(self):
        self.asked += 1
        await asyncio.sleep(0)
        return Result(self.rows)


async def test_a_result_is_kept_for_its_time_and_a_failure_for_a_while():
    now = 100.0
    results, source, broken = Results(clock=lambda: now), Source([(1,)]), Source(None)
    for _ in range(3):
        assert (await results.get("a", 60, source.find)).rows == [(1,)]
        assert (await results.get("b", 0, broken.find)).rows is None
    assert (source.asked, broken.asked) == (1, 1)
    now += FAILED_FOR
    await results.get("b", 0, broken.find)
    await results.get("c", 86_400, broken.find)
    await results.get("a", 60, source.find)
    now += 60
    await results.get("a", 60, source.find)
    await results.get("c", 86_400, broken.find)  # not for the day that a result would be kept
    assert (source.asked, broken.asked) == (2, 4)


async def test_several_who_ask_the_same_at_once_ask_once():
    results, source, unkept = Results(), Source([(1,)]), Source([(2,)])
    await asyncio.gather(*(results.get("a", 60, source.find) for _ in range(5)))
    for _ in range(2):
        await results.get("c", 0, unkept.find)
    assert (source.asked, unkept.asked) == (1, 2)


async def test_what_one_has_no_time_to_ask_is_asked_by_the_next():
    async def give_up():
        raise TimeoutError

    results, source = Results(), Source([(1,)])
    with pytest.raises(TimeoutError):
        await results.get("a", 60, give_up)
    assert (await results.get("a", 60, source.find)).rows == [(1,)]


async def test_of_too_many_results_the_one_that_was_not_wanted_for_longest_goes():
    results, sources = Results(most=2), {name: Source([(name,)]) for name in "abc"}
    for name in "abacab":
        await results.get(name, 60, sources[name].find)
    assert {name: source.asked for name, source in sources.items()} == {"a": 1, "b": 2, "c": 1}


def test_a_drawing_has_a_line_for_nothing_between_what_is_more_and_what_is_less():
    drawing = draw([("one", 3), ("two", -1)])
    assert [(bar.y, bar.height) for bar in drawing.bars] == [(0, HEIGHT * 3 / 4), (HEIGHT * 3 / 4, HEIGHT / 4)]
    assert (drawing.first, drawing.last, drawing.highest, drawing.total) == ("one", "two", "3", "2")
    assert draw([]).bars == []

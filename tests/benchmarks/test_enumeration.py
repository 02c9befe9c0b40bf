"""No answer tells which addresses are known: neither what it says nor what it takes, nor the one after it.

`python -m benchmarks.accounts.enumeration` measures the time itself, on a machine that does nothing else.
"""

from time import process_time

from benchmarks.accounts.enumeration import LARGEST_GAP, PASSWORD, measure
from dovetail.contrib.auth.testing import cheap_hash


async def test_known_unknown_and_deactivated_addresses_get_the_same_answer_for_the_same_work(app):
    doors = await measure(app, tries=12, hashed=cheap_hash(PASSWORD), clock=process_time)
    assert {name: len(door.answers) for name, door in doors.items()} == dict.fromkeys(doors, 1)
    assert {name: door.gap() for name, door in doors.items() if door.gap() > LARGEST_GAP} == {}

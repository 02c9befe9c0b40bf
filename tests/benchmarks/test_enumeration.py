"""No answer tells which addresses are known: neither what it says nor what it takes, nor the one after it.

`python -m benchmarks.accounts.enumeration` measures the time itself, on a machine that does nothing else.
"""

from time import process_time

from benchmarks.accounts.enumeration import ASKS, LARGEST_GAP, PASSWORD, measure
from dovetail.contrib.auth.testing import cheap_hash

TRIES = 12


async def test_known_unknown_and_deactivated_addresses_get_the_same_answer_for_the_same_work(app):
    told: set[str] = set(ASKS)
    for first in range(
        0, 3 * TRIES, TRIES
    ):  # what tells something tells it each time; what a busy machine adds does not
        doors = await measure(app, tries=TRIES, hashed=cheap_hash(PASSWORD), clock=process_time, first=first)
        assert {name: len(door.answers) for name, door in doors.items()} == dict.fromkeys(doors, 1)
        told &= {name for name, door in doors.items() if door.gap() > LARGEST_GAP}
        if not told:
            break
    assert told == set()

import asyncio
import threading

import anyio
import pytest

from dovetail.contrib.auth.accounts import hashing, passwords
from dovetail.contrib.auth.accounts.passwords import hash_password, verify_password
from dovetail.contrib.auth.models import UNUSABLE_PASSWORD
from dovetail.contrib.auth.testing import PASSWORD, cheap_hash
from dovetail.errors import UnavailableError
from tests.contrib.auth.helpers import login


async def test_hashing_runs_in_threads_and_never_on_the_event_loop(client, make_user, monkeypatch):
    await make_user(username="ada")
    threads = []
    original = hashing.hasher.verify

    def watched(*args):
        threads.append(threading.current_thread())
        return original(*args)

    monkeypatch.setattr(hashing.hasher, "verify", watched)
    await asyncio.gather(*(login(client, "ada", "wrong password") for _ in range(4)))
    assert len(threads) == 4
    assert threading.main_thread() not in threads


async def test_the_loop_goes_on_while_passwords_are_hashed(monkeypatch):
    # The hash waits for the loop: were it computed on the loop, this would never end.
    loop_went_on = threading.Event()
    monkeypatch.setattr(hashing.hasher, "hash", lambda _: "hashed" if loop_went_on.wait(30) else "stalled")
    at_work = asyncio.create_task(hash_password(PASSWORD))
    await asyncio.sleep(0.05)
    loop_went_on.set()
    assert await at_work == "hashed"


async def test_no_more_passwords_are_hashed_at_once_than_there_are_cores(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    running, most, lock = 0, 0, threading.Lock()

    def work(_):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.02)
        with lock:
            running -= 1
        return "hashed"

    monkeypatch.setattr(hashing.hasher, "hash", work)

    def in_a_loop_of_its_own() -> None:
        async def main() -> None:
            async with anyio.create_task_group() as group:
                for _ in range(10):
                    group.start_soon(hash_password, PASSWORD)

        asyncio.run(main())

    await asyncio.to_thread(in_a_loop_of_its_own)
    assert most == 2


async def test_a_hash_is_verified_and_salted():
    first, second = await hash_password(PASSWORD), await hash_password(PASSWORD)
    assert first != second
    assert await verify_password(PASSWORD, first) == (True, None)
    assert await verify_password("wrong password", first) == (False, None)


@pytest.mark.usefixtures("costly_hashing")
async def test_a_hash_takes_a_guesser_64_mib_and_three_rounds():
    assert (await hash_password(PASSWORD)).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_a_weak_hash_is_verified_and_answered_with_a_better_one():
    verified, better = await verify_password(PASSWORD, cheap_hash(PASSWORD))
    assert verified
    assert await verify_password(PASSWORD, better) == (True, None)


@pytest.mark.parametrize(
    "stored", [None, "", UNUSABLE_PASSWORD, "md5$x", "$argon2id$", "$argon2id$v=19$m=1,t=1,p=1$x$x", "\x00"]
)
async def test_what_is_no_hash_matches_nothing_after_the_same_work(stored, hashes):
    assert await verify_password(PASSWORD, stored) == (False, None)
    assert hashes.count == 1


@pytest.mark.parametrize("password", ["x" * 129, "x" * 5_000_000, "\ud800"])
async def test_what_can_be_no_password_is_not_even_hashed(password, hashes):
    assert await verify_password(password, None) == (False, None)
    assert hashes.count == 0


async def test_the_same_letters_are_the_same_password_however_a_keyboard_writes_them():
    hashed = await hash_password("Ångström and a half")

    assert (await verify_password("Ångström and a half", hashed))[0]
    assert (await verify_password("angstrom and a half", hashed))[0] is False


async def test_a_hash_of_before_passwords_were_normalized_still_verifies():
    written = "Å" + "ngström and a half"  # the sign of the unit, which NFKC makes the letter
    assert (await verify_password(written, cheap_hash(written)))[0]


async def test_a_full_queue_of_hashes_refuses_calls_immediately_with_retry_after(monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(passwords, "MAXIMUM_WAITING", 3)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(hashing.hasher, "hash", lambda _: "hashed" if gate.wait(30) else "stalled")

    def in_a_loop_of_its_own() -> list[str]:
        async def main() -> list[str]:
            waiting = [asyncio.create_task(hash_password(PASSWORD)) for _ in range(5)]
            for _ in range(10):  # until each has come as far as it can
                await asyncio.sleep(0)
            with pytest.raises(UnavailableError) as refused:
                await hash_password(PASSWORD)
            assert refused.value.headers == {"Retry-After": "5"}
            gate.set()
            return await asyncio.gather(*waiting)

        return anyio.run(main)

    assert await asyncio.to_thread(in_a_loop_of_its_own) == ["hashed"] * 5

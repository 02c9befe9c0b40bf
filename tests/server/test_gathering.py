"""Head and body of an answer leave together, and neither waits for the other."""

import asyncio

from dovetail.server.gathering import GatheringTransport


class Recorder:
    """A transport that notes what it is told."""

    def __init__(self):
        self.calls = []

    def write(self, data):
        self.calls.append(data)

    def writelines(self, parts):
        self.calls.append(list(parts))

    def close(self):
        self.calls.append("close")

    def is_closing(self):
        return "close" in self.calls


def gathering() -> tuple[GatheringTransport, list[object]]:
    recorder = Recorder()
    return GatheringTransport(recorder, asyncio.get_running_loop()), recorder.calls


async def test_a_head_and_a_body_are_one_write():
    transport, calls = gathering()
    transport.write(b"head")
    transport.write(b"body")
    assert calls == [[b"head", b"body"]]
    await asyncio.sleep(0)
    transport.write(b"more")
    assert calls == [[b"head", b"body"], b"more"]


async def test_a_head_whose_body_is_yet_to_come_leaves_before_it():
    transport, calls = gathering()
    transport.write(b"head")
    await asyncio.sleep(0)
    assert calls == [b"head"]
    transport.write(b"body")
    assert calls == [b"head", b"body"]


async def test_a_head_without_a_body_leaves_when_the_answer_ends_or_the_connection_does():
    transport, calls = gathering()
    transport.write(b"head")
    transport.flush()
    transport.expects_head = True
    transport.write(b"second")
    transport.close()
    assert calls == [b"head", b"second", "close"]
    await asyncio.sleep(0)
    assert calls == [b"head", b"second", "close"]

"""Head and body of an answer leave together."""

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
    return GatheringTransport(recorder), recorder.calls


def test_a_head_and_a_body_are_one_write():
    transport, calls = gathering()
    transport.hold(b"head")
    assert calls == []
    transport.write(b"body")
    transport.write(b"more")
    transport.flush()
    assert calls == [[b"head", b"body"], b"more"]


def test_a_head_without_a_body_leaves_when_the_answer_ends_or_the_connection_does():
    transport, calls = gathering()
    transport.hold(b"head")
    transport.flush()
    transport.hold(b"second")
    transport.close()
    transport.flush()
    assert calls == [b"head", b"second", "close"]


def test_a_head_whose_client_hung_up_is_dropped():
    transport, calls = gathering()
    transport.hold(b"head")
    calls.append("close")
    transport.flush()
    assert calls == ["close"]

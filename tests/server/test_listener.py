"""A listener lets nobody in any more, and nobody who was let in is lost."""

import socket

import pytest

from dovetail.server.listener import has_arrivals, stop_arrivals


def test_who_was_let_in_can_be_accepted_and_nobody_else_gets_in():
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    inside = [socket.create_connection(address) for _ in range(3)]
    stop_arrivals(listener)
    with pytest.raises(TimeoutError):
        socket.create_connection(address, timeout=0.3)
    accepted = []
    while has_arrivals(listener):
        accepted.append(listener.accept()[0])
    listener.close()
    assert len(accepted) == 3
    for connection in inside:
        connection.sendall(b"a")
    assert [connection.recv(1) for connection in accepted] == [b"a"] * 3
    for connection in (*inside, *accepted):
        connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)


def test_a_socket_that_knows_no_filters_is_left_as_it_is(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
        stop_arrivals(listener)
        assert not has_arrivals(listener)

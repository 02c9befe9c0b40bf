"""The quick way to decode what is percent-encoded gives what Python's own gives."""

from urllib.parse import unquote_to_bytes

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dovetail.middleware.bodies.percent import decode

PIECES = [
    b"%",
    b"%%",
    b"=",
    b"==",
    b"\r\n",
    b"\n",
    b" \n",
    b"%C3",
    b"%a9",
    b"%0",
    b"%0g",
    b"%00",
    b"%3D",
    b"\xc3\xa9",
    b"x",
    b"_",
]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a machine that is slow fails no test
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=12).map(b"".join))
def test_it_decodes_as_python_does(encoded):
    assert decode(encoded) == unquote_to_bytes(encoded)


def test_a_large_form_is_decoded_in_a_few_calls():
    assert decode(b"a=" + b"%C3%A9" * 430_000) == b"a=" + "é".encode() * 430_000

"""Clients are called by browser and system, in words."""

import pytest

from dovetail.contrib.auth.events.clients import client_in_words

MOZILLA = "Mozilla/5.0 "
OF_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko) "
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) "


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("(Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        (f"(X11; Linux x86_64) {WEBKIT}Chrome/140.0.0.0 Safari/537.36", "Chrome on Linux"),
        (f"(X11; CrOS x86_64 14541.0.0) {WEBKIT}Chrome/140.0.0.0 Safari/537.36", "Chrome on ChromeOS"),
        (f"(Windows NT 10.0; Win64; x64) {WEBKIT}Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Windows"),
        (f"(Windows NT 10.0; Win64; x64) {WEBKIT}Chrome/139.0.0.0 Safari/537.36 OPR/124.0.0.0", "Opera on Windows"),
        (f"(Linux; Android 10; K) {WEBKIT}Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (
            f"(Linux; Android 10; K) {WEBKIT}SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        (
            f"(Macintosh; Intel Mac OS X 10_15_7) {OF_APPLE}Version/18.5 Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            f"(iPhone; CPU iPhone OS 18_5 like Mac OS X) {OF_APPLE}Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari on iOS",
        ),
        (
            f"(iPad; CPU OS 18_5 like Mac OS X) {OF_APPLE}CriOS/140.0.0.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPadOS",
        ),
    ],
)
def test_browsers_are_called_by_their_names_and_their_systems(user_agent, words):
    assert client_in_words(MOZILLA + user_agent) == words


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("curl/8.14.1", "curl"),
        ("python-httpx/0.28.1", "python-httpx"),
        ("Wget/1.25.0 (linux-gnu)", "Wget"),
        ("Mozilla/5.0 (compatible; Something/1.0)", "Mozilla/5.0 (compatible; Something/1.0)"),
        ("The clerk's own program", "The clerk's own program"),
        ("", "unknown"),
    ],
)
def test_programs_are_called_by_their_names_and_what_nobody_knows_as_it_called_itself(user_agent, words):
    assert client_in_words(user_agent) == words

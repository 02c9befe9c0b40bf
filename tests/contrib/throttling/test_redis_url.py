"""A REDIS_URL that cannot be used is told at the start, without what is secret in it."""

import pytest
from limits import util

from dovetail.application import make_application
from dovetail.contrib.throttling import redis_storage
from dovetail.errors import ConfigurationError
from tests.running import manage


def test_a_url_that_is_not_of_redis_is_refused():
    error = manage("check", REDIS_URL="memcached://ada:secret@host").error

    assert "REDIS_URL: expected redis://host:6379/0" in error
    assert "secret" not in error


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_a_client_that_is_not_installed_is_named(monkeypatch, make_settings, scheme):
    monkeypatch.setattr(util, "get_dependency", lambda name: (util.MissingModule, None))  # as the library finds it then
    with pytest.raises(ConfigurationError, match=rf"REDIS_URL cannot be used: .*dovetail\[{scheme}\]"):
        make_application(make_settings(redis_url=f"{scheme}://127.0.0.1:1/0"))


def test_valkey_uses_its_own_client():
    storage = redis_storage.RedisGcraStorage("valkey://127.0.0.1:1/0", "dovetail")

    assert type(storage.bridge).__name__ == "ValkeyBridge"

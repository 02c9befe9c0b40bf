"""Each request has one id, in its answer and in every log record."""

import logging
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from starlette.responses import Response
from starlette.routing import Route

from dovetail.middleware.logging import RequestIdFilter, configure_logging
from dovetail.middleware.request_id import BATCH, RequestIds
from dovetail.testing.fixtures import make_client
from tests.once import asks_no_database


@asks_no_database
async def test_an_id_that_a_proxy_sent_is_kept(probe):
    for given in ("abc-123", "Root=1-67891233-abcdef012345678912345678", "a" * 128):
        answer = await probe.get("/health/live", headers={"X-Request-ID": given})
        assert answer.headers["x-request-id"] == given


@asks_no_database
async def test_an_id_that_could_forge_a_log_line_is_replaced(probe):
    for given in ("a" * 129, "two words", "x\ty", '"><script>', "é", "", "-rm"):
        answer = await probe.get("/health/live", headers={"X-Request-ID": given.encode("latin-1")})
        assert answer.headers["x-request-id"] != given
        assert len(answer.headers["x-request-id"]) == 32


@asks_no_database
async def test_every_request_without_an_id_gets_its_own(probe):
    ids = {(await probe.get("/health/live")).headers["x-request-id"] for _ in range(10)}
    assert len(ids) == 10


@asks_no_database
async def test_an_id_that_the_application_sets_itself_is_replaced(probe_app):
    async def own(_request):
        return Response(headers={"X-Request-ID": "own"})

    probe_app.router.routes.append(Route("/own", own))
    async with make_client(probe_app) as client:
        answer = await client.get("/own", headers={"X-Request-ID": "the-id"})
    assert answer.headers.get_list("x-request-id") == ["the-id"]


def test_pregenerated_ids_are_used_once_even_by_threads():
    ids = RequestIds()
    with ThreadPoolExecutor(8) as threads:
        drawn = list(threads.map(lambda _: [ids.of({}) for _ in range(BATCH)], range(40)))
    everything = [one for some in drawn for one in some]
    assert len(everything) == len(set(everything)) == 40 * BATCH
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in everything)


def test_a_forked_process_generates_other_ids_than_its_parent():
    program = """
import os
from dovetail.middleware.request_id import RequestIds
ids = RequestIds()
ids.of({})
if child := os.fork():
    os.waitpid(child, 0)
print(*(ids.of({}) for _ in range(3)), flush=True)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert len(set(done.stdout.split())) == 6


@asks_no_database
async def test_every_log_record_of_a_request_carries_its_id(probe, caplog):
    await probe.get("/api/mistakes/bug", headers={"X-Request-ID": "the-id"})
    names = {record.name for record in caplog.records if getattr(record, "request_id", None) == "the-id"}
    assert names >= {"dovetail.probe", "dovetail.errors", "dovetail.access"}


@asks_no_database
async def test_a_record_outside_of_a_request_carries_a_dash(probe, caplog):
    await probe.get("/health/live")
    logging.getLogger("dovetail.probe").warning("by the way")
    assert caplog.records[-1].request_id == "-"


def test_configuring_the_log_twice_adds_nothing(caplog):
    configure_logging("INFO")
    configure_logging("DEBUG")
    for handler in logging.getLogger().handlers:
        assert sum(isinstance(found, RequestIdFilter) for found in handler.filters) == 1
    assert logging.getLogger("dovetail").level == logging.DEBUG
    configure_logging("INFO")

"""One line a request, without secrets and without forged lines."""

import asyncio
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest

from dovetail.middleware.logging import LineHandler
from tests.once import asks_no_database


def access_lines(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "dovetail.access"]


@asks_no_database
async def test_a_request_is_one_line_with_method_path_status_and_duration(probe, caplog):
    await probe.get("/health/live")
    await probe.delete("/api/nowhere")
    await probe.get("/api/mistakes/bug")
    await probe.head("/")
    lines = access_lines(caplog)
    assert [re.sub(r"[\d.]+ ms$", "_ ms", line) for line in lines] == [
        "GET /health/live 200 _ ms",
        "DELETE /api/nowhere 404 _ ms",
        "GET /api/mistakes/bug 500 _ ms",
        "HEAD / 200 _ ms",
    ]


@asks_no_database
async def test_the_query_is_not_logged(probe, caplog):
    await probe.get("/health/live?token=hunter2")
    assert "hunter2" not in "".join(access_lines(caplog))


@asks_no_database
async def test_a_path_cannot_forge_a_line(probe, caplog):
    await probe.get("/x%0AINFO%20dovetail.access%1b[31m")
    (line,) = access_lines(caplog)
    assert line.startswith("GET /x%0AINFO%20dovetail.access%1B%5B31m 404")


@asks_no_database
async def test_a_line_is_a_record_as_the_logger_itself_would_make_it(probe, caplog):
    for _ in range(2):  # the second is made from the first
        await probe.get("/health/live")
    logger = logging.getLogger("dovetail.access")
    written = [record for record in caplog.records if record.name == logger.name]
    made = logger.makeRecord(logger.name, logging.INFO, written[0].pathname, 0, written[0].msg, (), None)
    own = {"args", "created", "msecs", "relativeCreated", "message", "asctime", "request_id", "taskName"}
    for record in written:
        assert {key: value for key, value in vars(record).items() if key not in own} == {
            key: value for key, value in vars(made).items() if key not in own
        }
        assert vars(record).keys() >= vars(made).keys()
        assert 0 <= record.msecs < 1000
        assert record.created - made.created == pytest.approx(
            (record.relativeCreated - made.relativeCreated) / 1000, abs=1e-6
        )
    assert written[0].created < written[1].created <= made.created


async def test_a_line_names_the_task_that_wrote_it_where_python_does(probe, caplog):
    for name in ("one", "two"):
        await asyncio.create_task(probe.get("/health/live"), name=name)
    written = [record for record in caplog.records if record.name == "dovetail.access"]
    assert [getattr(record, "taskName", name) for record, name in zip(written, ("one", "two"), strict=True)] == [
        "one",
        "two",
    ]


class CountingHandler(LineHandler):
    records_of_the_access_log = 0

    def handle(self, record: logging.LogRecord) -> bool:
        self.records_of_the_access_log += record.name == "dovetail.access"
        return super().handle(record)


@contextmanager
def only_ours() -> Iterator[tuple[CountingHandler, list[str]]]:
    """A LineHandler that is the only one meanwhile, as in a process of a site, and what it has written in the end."""
    root = logging.getLogger()
    handler, stream, found, before = CountingHandler(), StringIO(), [], root.handlers
    handler.setStream(stream)
    root.handlers = [handler]
    try:
        yield handler, found
    finally:
        root.handlers = before
    handler.flush()
    found += [re.sub(r"^[\dT:.-]+Z |[\d.]+ ms$", "", line) for line in stream.getvalue().splitlines()]


@asks_no_database
async def test_a_line_that_is_written_without_a_record_is_the_same(probe):
    with only_ours() as (handler, lines):
        for path in ("/health/live", "/x%0A%1b", "/api/mistakes/bug"):
            await probe.get(path, headers={"X-Request-ID": "the-id"})
            assert handler.records_of_the_access_log == 0
            logging.getLogger().addHandler(listener := logging.NullHandler())
            await probe.get(path, headers={"X-Request-ID": "the-id"})
            logging.getLogger().removeHandler(listener)
            assert handler.records_of_the_access_log == 1
            handler.records_of_the_access_log = 0
    assert [line for line in lines if line.startswith("INFO dovetail.access")] == [
        *["INFO dovetail.access [the-id] GET /health/live 200 "] * 2,
        *["INFO dovetail.access [the-id] GET /x%0A%1B 404 "] * 2,
        *["INFO dovetail.access [the-id] GET /api/mistakes/bug 500 "] * 2,
    ]


@asks_no_database
@pytest.mark.parametrize("name", ["", "dovetail", "dovetail.access"])
async def test_other_handlers_get_a_record(probe, name):
    found = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append((record.name, record.args[:3]))

    with only_ours() as (_, lines):
        logging.getLogger(name).addHandler(listener := Listener())
        await probe.get("/health/live")
        logging.getLogger(name).removeHandler(listener)
    assert found == [("dovetail.access", ("GET", "/health/live", 200))]
    assert len(lines) == 1


@asks_no_database
async def test_a_filter_of_the_logger_or_of_the_handler_sees_every_line(probe):
    seen = []

    def hold_back(record: logging.LogRecord) -> bool:
        seen.append(record.name)
        return False

    with only_ours() as (handler, lines):
        for filtered in (logging.getLogger("dovetail.access"), handler):
            filtered.addFilter(hold_back)
            await probe.get("/health/live")
            filtered.removeFilter(hold_back)
    assert (seen, lines) == (["dovetail.access"] * 2, [])


@asks_no_database
async def test_another_format_or_level_of_the_handler_holds_for_the_access_log_too(probe):
    with only_ours() as (handler, lines):
        handler.setFormatter(logging.Formatter("%(request_id)s says %(message)s"))
        await probe.get("/health/live", headers={"X-Request-ID": "the-id"})
        handler.setLevel("WARNING")
        await probe.get("/health/live")
    assert lines == ["the-id says GET /health/live 200 "]


@asks_no_database
async def test_a_logger_that_passes_nothing_on_is_silent(probe, monkeypatch):
    monkeypatch.setattr(logging.getLogger("dovetail"), "propagate", False)
    with only_ours() as (_, lines):
        await probe.get("/health/live")
    assert lines == []


def test_a_record_of_a_forked_process_names_it():
    program = """
import logging, os
from dovetail.middleware.access_log import AccessLog
class Listener(logging.Handler):
    def handle(self, record):
        assert record.process == os.getpid(), "another process"
logging.getLogger("dovetail.access").addHandler(Listener())
logging.getLogger("dovetail.access").setLevel("INFO")
log = AccessLog()
def write():
    for _ in range(2):
        log.write({"method": "GET", "path": "/"}, 200, 0.0)
write()
if child := os.fork():
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
write()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@asks_no_database
async def test_a_custom_record_factory_also_creates_access_log_records(probe, caplog, monkeypatch):
    class Traced(logging.LogRecord):
        pass

    monkeypatch.setattr(logging, "_logRecordFactory", logging.getLogRecordFactory())  # put back in the end
    logging.setLogRecordFactory(Traced)
    await probe.get("/health/live")
    assert [type(record) for record in caplog.records if record.name == "dovetail.access"] == [Traced]

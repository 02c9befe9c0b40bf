"""One line a request, without secrets and without forged lines."""

import logging
import re

import pytest


def access_lines(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "dovetail.access"]


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


async def test_the_query_is_not_logged(probe, caplog):
    await probe.get("/health/live?token=hunter2")
    assert "hunter2" not in "".join(access_lines(caplog))


async def test_a_path_cannot_forge_a_line(probe, caplog):
    await probe.get("/x%0AINFO%20dovetail.access%1b[31m")
    (line,) = access_lines(caplog)
    assert line.startswith("GET /x%0AINFO%20dovetail.access%1B%5B31m 404")


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
        assert record.created - made.created == pytest.approx((record.relativeCreated - made.relativeCreated) / 1000)
    assert written[0].created < written[1].created <= made.created


async def test_who_makes_records_of_their_own_makes_those_of_the_access_log_too(probe, caplog, monkeypatch):
    class Traced(logging.LogRecord):
        pass

    monkeypatch.setattr(logging, "_logRecordFactory", logging.getLogRecordFactory())  # put back in the end
    logging.setLogRecordFactory(Traced)
    await probe.get("/health/live")
    assert [type(record) for record in caplog.records if record.name == "dovetail.access"] == [Traced]

"""One line a request, without secrets and without forged lines."""

import re


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

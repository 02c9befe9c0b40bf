"""What actions, hooks and pages of a view may answer: it is sent, or nothing was done."""

from typing import Any

import pytest
from sqlalchemy import select

from dovetail.contrib.admin.actions.task import Task
from dovetail.contrib.admin.request_context import request_context
from tests.contrib.admin.shelf.admin import BookAdmin
from tests.contrib.admin.shelf.models import Book

SENT = {
    "text": "an answer",
    "file": "class AnsweringAdmin",
    "stream": "an answer",
    "plain stream": "an answer",
    "empty stream": "",
}
UNSENDABLE = ["a number", "a mapping", "no file", "a folder", "broken stream", "stream of numbers"]


@pytest.fixture
async def book(session):
    session.add(book := Book(title="Ants", pages=1))
    await session.commit()
    return book


async def title(session) -> str:
    session.expire_all()
    found = await session.scalar(select(Book.title))
    await session.commit()
    return found


async def act(office, book, answer: str):
    return await office.post(f"/shelf/answering/action/answer/?answer={answer}", {"pks": [str(book.id)]})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("nothing", "Answer: done with 1 answering book."),
        ("no words", "Answer: done with 1 answering book."),
        ("words", "All good."),
    ],
)
async def test_an_action_tells_what_it_did_or_that_it_was_done(office, session, book, answer, words):
    assert (await act(office, book, answer)).status_code == 303
    assert words in (await office.get("/shelf/answering/")).text
    assert await title(session) == "Ants changed"


@pytest.mark.parametrize("answer", [*SENT, "elsewhere"])
async def test_an_action_may_answer_itself(office, session, book, answer):
    sent = await act(office, book, answer)
    assert (sent.status_code, sent.headers.get("location")) == (
        (303, "/admin/") if answer == "elsewhere" else (200, None)
    )
    assert SENT.get(answer, "") in sent.text
    assert await title(session) == "Ants changed"


@pytest.mark.parametrize("answer", UNSENDABLE)
async def test_an_action_whose_answer_cannot_be_sent_does_nothing(office, session, book, answer):
    sent = await act(office, book, answer)
    assert sent.status_code == 500
    assert "Something went wrong on our side." in sent.text
    assert "secret" not in sent.text
    assert await title(session) == "Ants"


async def test_an_action_that_refuses_does_nothing(office, session, book):
    sent = await act(office, book, "refusal")
    assert (sent.status_code, sent.text) == (409, "no")
    assert await title(session) == "Ants"


@pytest.mark.parametrize("answer", SENT)
async def test_a_hook_may_answer_after_saving(office, session, book, answer):
    sent = await office.submit(f"/shelf/answering/{book.id}/change/?answer={answer}", {"title": "Bees"})
    assert sent.status_code == 200
    assert SENT[answer] in sent.text
    assert await title(session) == "Bees"


async def test_a_hook_whose_answer_cannot_be_sent_undoes_the_saving(office, session, book):
    path = f"/shelf/answering/{book.id}/change/"
    for answer in ("refusal", "words", *UNSENDABLE):
        sent = await office.submit(f"{path}?answer={answer}", {"title": "Bees"})
        assert sent.status_code == (409 if answer == "refusal" else 500), answer
        assert await title(session) == "Ants", answer


async def test_a_page_whose_answer_cannot_be_sent_changes_nothing(office, session, book):
    for answer in ("nothing", "words", *UNSENDABLE):
        sent = await office.post(f"/shelf/answering/page?answer={answer}", {})
        assert sent.status_code == 500, answer
        assert "Something went wrong on our side." in sent.text, answer
        assert f'<code class="text-break">{sent.headers["x-request-id"]}</code>' in sent.text  # as the log has it
        assert await title(session) == "Ants", answer


@pytest.mark.parametrize("answer", ["nothing", "words", "a mapping"])
async def test_a_page_that_is_read_only_and_answers_nothing_is_an_error_page(office, book, answer):
    sent = await office.get("/shelf/answering/page", answer=answer)
    assert sent.status_code == 500
    assert "Something went wrong on our side." in sent.text


@pytest.mark.parametrize("answer", SENT)
async def test_a_page_answers(office, session, book, answer):
    assert SENT[answer] in (await office.get("/shelf/answering/page", answer=answer)).text
    assert SENT[answer] in (await office.post(f"/shelf/answering/page?answer={answer}", {})).text
    assert await title(session) == "Ants changed"


@pytest.mark.parametrize("title", ["Fine", "Late", "Broken"])
async def test_what_is_to_follow_the_commit_is_done_if_there_was_one(office, monkeypatch, title):
    done: list[str] = []
    hook = BookAdmin.after_model_change

    async def after_model_change(self, data, model, is_created, request):
        request_context().after_commit.add_task(done.append, data["title"])
        await hook(self, data, model, is_created, request)

    monkeypatch.setattr(BookAdmin, "after_model_change", after_model_change)
    await office.submit("/shelf/book/add/", {"title": title, "pages": "1"})
    assert done == (["Fine"] if title == "Fine" else [])


async def test_an_action_that_is_undone_is_followed_by_nothing(office, session, monkeypatch):
    done: list[str] = []
    session.add_all([book := Book(title="Ants", pages=4), torn := Book(title="Unbreakable", pages=4)])
    await session.commit()
    init = Task.__init__

    def make(self, *, apply: Any, **options: Any) -> None:
        async def follow(rows, data):
            request_context().after_commit.add_task(done.append, (await rows.objects())[0].title)
            return await apply(rows, data)

        init(self, apply=follow, **options)

    monkeypatch.setattr(Task, "__init__", make)
    for one in (torn, book):
        await office.post("/shelf/book/action/shorten/", {"pks": [str(one.id)], "confirmed": "yes"})
    assert done == ["Ants"]

"""TypeScript types are generated from the document, and compile with somebody's code on top of them."""

import shutil

import pytest

from tests.contract.generated import run, write_document
from tests.running import ROOT

CONSUMER = ROOT / "tests" / "typescript" / "consumer.ts"
COMPILE = ("tsc", "--noEmit", "--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "preserve")
GENERATE = ("openapi-typescript", "--default-non-nullable", "false")  # what has a default need not be sent


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("typescript")
    document = write_document(folder)
    said = run(*GENERATE, document, "--output", folder / "generated" / "api.ts", cwd=folder)
    assert "warn" not in said.lower()
    shutil.copy(CONSUMER, folder)
    return folder


def test_the_types_and_a_consumer_of_them_compile_under_strict(folder):
    assert run(*COMPILE, "consumer.ts", "generated/api.ts", cwd=folder) == ""


def test_a_consumer_who_errs_is_told_so_by_the_compiler(folder):
    text = CONSUMER.read_text(encoding="utf-8").replace("post.author.username", "post.author.nickname")
    (folder / "wrong.ts").write_text(text, encoding="utf-8")
    with pytest.raises(AssertionError, match="nickname"):
        run(*COMPILE, "wrong.ts", cwd=folder)

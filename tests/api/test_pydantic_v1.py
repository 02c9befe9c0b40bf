"""pydantic.v1 is imported by those who use it, and FastAPI refuses its models as it always does."""

import subprocess
import sys
from pathlib import Path

import pytest

import tests

REPOSITORY = Path(tests.__file__).parent.parent
ROUTES = """
import sys
import dovetail.api.pydantic_v1
from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel

class Item(BaseModel):
    names: list[str]

app = FastAPI()

@app.post("/items")
def create(item: Item, wanted: list[int] | None = None) -> Item:
    return item

jsonable_encoder({"item": Item(names=["a"])})
app.openapi()
assert "pydantic.v1" not in sys.modules, "imported all the same"
"""
REFUSED = """
import warnings
warnings.simplefilter("ignore")
import dovetail.api.pydantic_v1
from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from pydantic.v1 import BaseModel

class Item(BaseModel):
    name: str

def create(item: ANNOTATION):
    return item

ACTION
"""


def run(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_routes_documents_and_answers_do_without_pydantic_v1():
    done = run(ROUTES)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("annotation", ["Item", "list[Item]", "Item | None"])
def test_a_route_with_a_model_of_pydantic_v1_is_refused(annotation):
    done = run(REFUSED.replace("ANNOTATION", annotation).replace("ACTION", 'FastAPI().post("/items")(create)'))

    assert "pydantic.v1 models are no longer supported by FastAPI" in done.stderr


def test_an_object_of_pydantic_v1_is_not_encoded():
    done = run(REFUSED.replace("ANNOTATION", "int").replace("ACTION", 'jsonable_encoder(Item(name="a"))'))

    assert "pydantic.v1" in done.stderr.splitlines()[-1]

"""Whether a text may be of what is hidden is found in the code that makes it, however far that reaches."""

import pytest

from dovetail.contrib.admin.columns.code_names import names_in_text_of


def shorten(thing: "Plain") -> str:
    return thing.remark[:3]


class Plain:
    title, remark = "Title", "Remark"

    @property
    def loud(self) -> str:
        return self.remark.upper()

    def __str__(self) -> str:
        return self.title


class ByProperty(Plain):
    def __str__(self) -> str:
        return self.loud


class ByFunction(Plain):
    def __str__(self) -> str:
        return shorten(self)


class ByParent(ByProperty):
    def __str__(self) -> str:
        return f"A {super().__str__()}"


class ByName(Plain):
    def __str__(self) -> str:
        return str(getattr(self, "rem" + "ark"))


class Inside(Plain):
    def __str__(self) -> str:
        return ", ".join(one for one in [self.remark])


@pytest.mark.parametrize(
    ("model", "tells"),
    [(Plain, False), (ByProperty, True), (ByFunction, True), (ByParent, True), (ByName, True), (Inside, True)],
)
def test_the_code_of_a_text_names_what_it_is_made_of(model, tells):
    assert ("remark" in names_in_text_of(model)) is tells

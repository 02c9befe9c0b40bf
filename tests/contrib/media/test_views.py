"""Files are edited on the page of their object, and nowhere else."""

import pytest

from dovetail.contrib.admin.checks.view_checks import find_problems
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.files.media import columns_of
from tests.contrib.media.gallery.models import Picture

BASE = {"list_display": ("title", "image"), "fields": ("title", "image")}


@pytest.mark.parametrize("option", ["list_editable", "bulk_editable"])
def test_what_edits_several_rows_edits_no_file(option):
    view = type("ManyAdmin", (ModelAdmin,), {**BASE, option: ("image",)}, model=Picture)
    assert find_problems(view) == [
        f"ManyAdmin: {option} names 'image', a file, which the page of its object changes; remove it"
    ]


def test_the_columns_of_files_of_a_model_are_found():
    assert [(one.table, one.column, one.type.public) for one in columns_of(Picture)] == [
        ("gallery_picture", "image", False),
        ("gallery_picture", "cover", True),
        ("gallery_picture", "scan", False),
    ]

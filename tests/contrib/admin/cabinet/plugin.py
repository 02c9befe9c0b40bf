"""A plugin with policies that look at rows, hide a column and keep another from being written."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="cabinet",
    depends_on=("auth",),
    models=lazy(*(f"tests.contrib.admin.cabinet.models:{name}" for name in ("Clip", "Folder", "Paper"))),
    policies=lazy(
        Folder="tests.contrib.admin.cabinet.policies:FOLDERS", Paper="tests.contrib.admin.cabinet.policies:PAPERS"
    ),
    admin_views=lazy(
        *(f"tests.contrib.admin.cabinet.admin:{name}Admin" for name in ("Folder", "Paper", "SortedPaper", "ToldPaper"))
    ),
)

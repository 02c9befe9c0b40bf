"""Notes, folders and labels whose rules are drawn by lot."""

from dovetail.plugin import Plugin, lazy

HERE = "tests.contract.worlds"
plugin = Plugin(
    name="worlds",
    depends_on=("auth",),
    models=lazy(*(f"{HERE}.models:{name}" for name in ("Note", "Folder", "Label"))),
    policies=lazy(Note=f"{HERE}.policies:NOTES", Folder=f"{HERE}.policies:FOLDERS", Label=f"{HERE}.policies:LABELS"),
    routers=lazy(f"{HERE}.api:router"),
    admin_views=lazy(*(f"{HERE}.admin:{name}Admin" for name in ("Note", "Folder", "Label"))),
)

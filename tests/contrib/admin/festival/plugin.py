"""A plugin whose forms have inlines of every kind."""

from dovetail.plugin import Plugin, lazy

MODELS = ("Festival", "Band", "Stage", "Slot", "License", "Booking", "Shuttle", "Memo")

plugin = Plugin(
    name="festival",
    depends_on=("auth",),
    models=lazy(*(f"tests.contrib.admin.festival.models:{name}" for name in MODELS)),
    policies=lazy(
        Booking="tests.contrib.admin.festival.policies:BOOKINGS", Stage="tests.contrib.admin.festival.policies:STAGES"
    ),
    admin_views=lazy(
        *(f"tests.contrib.admin.festival.admin:{name}Admin" for name in ("Festival", "HookedFestival", "Band", "Memo"))
    ),
)

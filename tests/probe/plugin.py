"""A plugin that does to the kernel whatever a plugin author might do, by mistake or not."""

from dovetail.plugin import Plugin, deferred, lazy

plugin = Plugin(
    name="probe",
    models=lazy("tests.probe.models:Item"),
    routers=lazy("tests.probe.api:router", "tests.probe.mistakes:router"),
    paths={"office": "/admin"},
    setup=deferred("tests.probe.site:set_up"),
)

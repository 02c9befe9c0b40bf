"""Move, drop and replace routers on this site; what is not named here is where its plugin puts it.

`manage.py routes` lists what there is. For example:

mounts: Mounts = {
    "auth.auth": "/accounts",  # moved: /accounts/auth/login instead of /api/auth/login
    "auth.users": None,  # dropped
    "kernel.landing": home.router,  # replaced, by a router of this site's own
}
"""

from dovetail.plugin import Mounts

mounts: Mounts = {}

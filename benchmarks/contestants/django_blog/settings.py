"""Django's settings for production.

Under ASGI its documentation asks for a pool of the driver's in place of persistent connections
(https://docs.djangoproject.com/en/stable/ref/databases/#connection-pool). Of the middleware only CommonMiddleware is
left, which sends Content-Length: an API needs no more.
"""

import os

from psycopg.conninfo import conninfo_to_dict

_connection = conninfo_to_dict(os.environ["DATABASE_URL"])

DEBUG = False
SECRET_KEY = "for benchmarks only"  # noqa: S105 - it guards nothing
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = os.environ["BENCHMARK_URLS"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
INSTALLED_APPS = ["benchmarks.contestants.django_blog"]
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _connection.get("dbname"),
        "USER": _connection.get("user", ""),
        "PASSWORD": _connection.get("password", ""),
        "HOST": _connection.get("host", ""),
        "PORT": _connection.get("port", ""),
        "OPTIONS": {"pool": {"min_size": 10, "max_size": 10}},
    }
}
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
}
LOGGING = {
    "version": 1,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
}

"""Django's settings for its admin and REST framework on the blog, in production, on either database.

All of the middleware that `django-admin startproject` writes: the admin needs most of it.
"""

import os

from psycopg.conninfo import conninfo_to_dict


def _database(url: str) -> dict[str, object]:
    if url.startswith("sqlite"):
        pragmas = "PRAGMA journal_mode=wal; PRAGMA synchronous=normal; PRAGMA foreign_keys=on;"
        options = {"init_command": pragmas, "transaction_mode": "IMMEDIATE"}  # as Dovetail opens it
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": url.partition(":///")[2], "OPTIONS": options}
    found = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": found.get("dbname"),
        "USER": found.get("user", ""),
        "PASSWORD": found.get("password", ""),
        "HOST": found.get("host", ""),
        "PORT": found.get("port", ""),
        "OPTIONS": {"pool": {"min_size": 10, "max_size": 10}},
    }


DEBUG = False
SECRET_KEY = "for benchmarks only"  # noqa: S105 - it guards nothing
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "benchmarks.contestants.django_admin.urls"
AUTH_USER_MODEL = "django_admin.Staff"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "benchmarks.contestants.django_blog",
    "benchmarks.contestants.django_admin",
]
MIGRATION_MODULES = dict.fromkeys(("admin", "auth", "contenttypes", "sessions", "django_admin", "django_blog"))
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,  # cached where DEBUG is off
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "/static/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": _database(os.environ["DATABASE_URL"])}
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

"""The blog on Django, with its admin and REST framework, on SQLite: what Dovetail's start-up is measured against.

Both have users and sessions, posts with authors and tags, comments, all of it in a back office and the posts in an API.
Both are served by uvicorn as one process.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.migration_sites import REPOSITORY


@dataclass(frozen=True, kw_only=True)
class Site:
    """A folder with a `manage.py`, and how it is served on `{port}`."""

    name: str
    folder: Path
    environment: Mapping[str, str]
    serve: tuple[str, ...]
    prepare: tuple[tuple[str, ...], ...]  # what `manage.py` is told first


def dovetail(folder: Path) -> Site:
    """This repository's own site, with a database of its own."""
    return Site(
        name="dovetail",
        folder=REPOSITORY,
        environment={
            "DATABASE_URL": f"sqlite:///{folder}/dovetail.sqlite3",
            "ENVIRONMENT": "production",
            "SECRET_KEY": "a-secret-for-benchmarks-only-0123456789",
            "ALLOWED_HOSTS": "127.0.0.1",
        },
        serve=(sys.executable, "manage.py", "runserver", "127.0.0.1:{port}", "--workers", "1", "--no-reload"),
        prepare=(("migrate",),),
    )


def django(folder: Path) -> Site:
    """The same on Django."""
    database = folder / "django.sqlite3"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Site(
        name="django",
        folder=folder,
        environment={"DJANGO_SETTINGS_MODULE": "site_settings", "DATABASE": str(database)},
        serve=(sys.executable, "-m", "uvicorn", "site_asgi:app", "--port", "{port}", "--log-level", "warning"),
        prepare=(("makemigrations", "posts"), ("migrate",)),
    )


FILES = {
    "manage.py": """\
import sys

from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
""",
    "site_asgi.py": """\
from django.core.asgi import get_asgi_application

app = get_asgi_application()
""",
    "site_settings.py": """\
import os

SECRET_KEY = "for benchmarks only"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "site_urls"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "posts",
]
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
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
USE_TZ = True
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 20,
}
""",
    "site_urls.py": """\
from django.contrib import admin
from django.urls import include, path
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.routers import DefaultRouter

from posts.api import CommentViewSet, PostViewSet, TagViewSet

router = DefaultRouter()
router.register("posts", PostViewSet)
router.register("tags", TagViewSet)
router.register("comments", CommentViewSet)
urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/auth/login", obtain_auth_token),
    path("api/", include(router.urls)),
]
""",
    "posts/__init__.py": "",
    "posts/migrations/__init__.py": "",
    "posts/models.py": """\
from django.conf import settings
from django.db import models


class Tag(models.Model):
    name = models.CharField(max_length=50, unique=True)


class Post(models.Model):
    title = models.CharField(max_length=200)
    content = models.TextField()
    is_published = models.BooleanField(default=False)
    view_count = models.IntegerField(default=0)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    tags = models.ManyToManyField(Tag)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)


class Comment(models.Model):
    content = models.TextField()
    status = models.CharField(max_length=8, choices=[("pending", "Pending"), ("approved", "Approved")])
    post = models.ForeignKey(Post, models.CASCADE)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    parent = models.ForeignKey("self", models.CASCADE, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
""",
    "posts/admin.py": """\
from django.contrib import admin

from posts.models import Comment, Post, Tag


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    search_fields = ("name",)


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    list_display = ("title", "author", "is_published", "created_at")
    list_filter = ("is_published",)
    search_fields = ("title", "content")
    autocomplete_fields = ("author", "tags")


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    list_display = ("content", "post", "author", "status")
    list_filter = ("status",)
    raw_id_fields = ("post", "author", "parent")
""",
    "posts/api.py": """\
from django.contrib.auth import get_user_model
from rest_framework import filters, permissions, serializers, viewsets

from posts.models import Comment, Post, Tag


class AuthorSerializer(serializers.ModelSerializer):
    class Meta:
        model = get_user_model()
        fields = ["id", "username"]


class TagSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ["id", "name"]


class PostSerializer(serializers.ModelSerializer):
    author = AuthorSerializer(read_only=True)
    tags = TagSerializer(many=True, read_only=True)

    class Meta:
        model = Post
        fields = "__all__"


class CommentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Comment
        fields = "__all__"


class PostViewSet(viewsets.ModelViewSet):
    queryset = Post.objects.select_related("author").prefetch_related("tags").order_by("-created_at")
    serializer_class = PostSerializer
    permission_classes = [permissions.IsAuthenticatedOrReadOnly]
    filter_backends = [filters.SearchFilter, filters.OrderingFilter]
    search_fields = ["title", "content"]


class TagViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Tag.objects.order_by("name")
    serializer_class = TagSerializer


class CommentViewSet(viewsets.ModelViewSet):
    queryset = Comment.objects.order_by("-created_at")
    serializer_class = CommentSerializer
    permission_classes = [permissions.IsAuthenticatedOrReadOnly]
""",
}

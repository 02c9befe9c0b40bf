"""The admin, one with long pages beside it, and the posts by REST framework with filters and search."""

from typing import Any

from django.contrib import admin
from django.urls import path
from rest_framework import filters

from benchmarks.contestants.django_admin.admin import long_pages
from benchmarks.contestants.django_rest_framework import Live, OnePost, Posts, PostsByCursor

FILTERS = {"tags__name": "tags__name", "author_id": "author_id"}


class FoundPosts(Posts):
    """Posts by tag, author and words."""

    filter_backends = (filters.SearchFilter,)
    search_fields = ("title", "content")

    def get_queryset(self) -> Any:
        """The published posts that fit the filters."""
        wanted = {
            field: self.request.query_params[name]
            for name, field in FILTERS.items()
            if name in self.request.query_params
        }
        return super().get_queryset().filter(**wanted)


urlpatterns = [
    path("health/live", Live.as_view()),
    path("admin/", admin.site.urls),
    path("long/", long_pages.urls),
    path("api/posts", FoundPosts.as_view()),
    path("api/posts-by-cursor", PostsByCursor.as_view()),
    path("api/posts/<int:pk>", OnePost.as_view()),
]

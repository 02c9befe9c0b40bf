"""Django with REST framework: generic views and model serializers."""

from typing import Any

from django.urls import path
from rest_framework import authentication, exceptions, generics, pagination, permissions, response, serializers, views

from benchmarks.contestants.django_blog.models import Post, Tag, User, published, user_of, write_post


class TokenAuthentication(authentication.BaseAuthentication):
    """REST framework's own, but for the word Bearer and a hashed token."""

    def authenticate(self, request: Any) -> tuple[User, None] | None:
        """The user who holds the token; None without one."""
        header = authentication.get_authorization_header(request).decode()
        if not header:
            return None
        user = user_of(header.removeprefix("Bearer "))
        if user is None:
            raise exceptions.AuthenticationFailed
        return user, None


class AuthorSerializer(serializers.ModelSerializer):
    """Who wrote it."""

    class Meta:
        model = User
        fields = ("id", "username", "full_name")


class TagSerializer(serializers.ModelSerializer):
    """What it is about."""

    class Meta:
        model = Tag
        fields = ("id", "name")


class PostSerializer(serializers.ModelSerializer):
    """A post with both."""

    author = AuthorSerializer(read_only=True)
    tags = TagSerializer(many=True, read_only=True)

    class Meta:
        model = Post
        fields = (
            "id",
            "title",
            "content",
            "is_published",
            "view_count",
            "created_at",
            "updated_at",
            "author_id",
            "author",
            "tags",
        )


class PostWriteSerializer(serializers.Serializer):
    """A new post."""

    title = serializers.CharField(max_length=200)
    content = serializers.CharField(max_length=100_000)
    is_published = serializers.BooleanField(default=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=50), default=list)


class Pages(pagination.LimitOffsetPagination):
    """By limit and offset; counts only when asked, for a count costs more than the page."""

    default_limit = 20
    max_limit = 500

    def get_count(self, queryset: Any) -> int | None:
        """The number of posts, if the request asks for it."""
        return super().get_count(queryset) if self.request.query_params.get("count") == "true" else None

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any]:  # noqa: ARG002 - the hook's
        """The posts of the page."""
        self.request = request
        self.limit, self.offset = self.get_limit(request), self.get_offset(request)
        self.count = self.get_count(queryset)
        return list(queryset[self.offset : self.offset + self.limit])

    def get_paginated_response(self, data: Any) -> response.Response:
        """The envelope of the other contestants."""
        return response.Response({"items": data, "total": self.count, "next": None, "previous": None})


class CursorPages(pagination.CursorPagination):
    """By the values of the last post."""

    ordering = ("-created_at", "-id")
    page_size_query_param = "limit"
    max_page_size = 500


class Posts(generics.ListCreateAPIView):
    """W2, W3 and W4."""

    queryset = published
    serializer_class = PostSerializer
    pagination_class = Pages
    authentication_classes = (TokenAuthentication,)
    permission_classes = (permissions.IsAuthenticatedOrReadOnly,)

    def create(self, request: Any, *_: Any, **__: Any) -> response.Response:
        """Create a post."""
        data = PostWriteSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        post = write_post(request.user, **data.validated_data)
        return response.Response(PostSerializer(post).data, status=201)


class PostsByCursor(generics.ListAPIView):
    """Pages at any depth."""

    queryset = published
    serializer_class = PostSerializer
    pagination_class = CursorPages


class OnePost(generics.RetrieveAPIView):
    """W1."""

    queryset = published
    serializer_class = PostSerializer


class Live(views.APIView):
    """W5."""

    def get(self, _request: Any) -> response.Response:
        """Say that it lives."""
        return response.Response({"status": "ok"})


urlpatterns = [
    path("health/live", Live.as_view()),
    path("api/posts", Posts.as_view()),
    path("api/posts-by-cursor", PostsByCursor.as_view()),
    path("api/posts/<int:pk>", OnePost.as_view()),
]

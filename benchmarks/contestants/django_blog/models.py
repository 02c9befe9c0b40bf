"""The blog in Django: models over the tables that are there already, and what is done with them."""

from collections.abc import Iterable
from hashlib import sha256

from django.db import models, transaction
from django.utils import timezone


class User(models.Model):
    """An account."""

    id = models.BigAutoField(primary_key=True)
    username = models.CharField(max_length=150)
    email = models.CharField(max_length=320)
    hashed_password = models.CharField(max_length=1024)
    full_name = models.CharField(max_length=200)
    bio = models.TextField()
    is_active = models.BooleanField()
    is_verified = models.BooleanField()
    is_superuser = models.BooleanField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    is_authenticated = True  # what REST framework's permissions ask

    class Meta:
        managed = False
        db_table = "auth_user"


class AccessToken(models.Model):
    """A bearer token."""

    id = models.BigAutoField(primary_key=True)
    token_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, models.CASCADE)
    expires_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "auth_session"


class Tag(models.Model):
    """A word that posts share."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=50, unique=True)

    class Meta:
        managed = False
        db_table = "blog_tag"
        ordering = ("name",)


class Post(models.Model):
    """Something an author wrote."""

    id = models.BigAutoField(primary_key=True)
    title = models.CharField(max_length=200)
    content = models.TextField()
    is_published = models.BooleanField(default=False)
    view_count = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    author = models.ForeignKey(User, models.CASCADE)
    tags = models.ManyToManyField(Tag, db_table="blog_post_tag")

    class Meta:
        managed = False
        db_table = "blog_post"
        ordering = ("-created_at", "-id")


published = Post.objects.filter(is_published=True).select_related("author").prefetch_related("tags")


def user_of(token: str) -> User | None:
    """Whose token it is."""
    hashed = sha256(token.encode()).hexdigest()
    found = AccessToken.objects.select_related("user").filter(token_hash=hashed, expires_at__gt=timezone.now())
    held: AccessToken | None = found.filter(user__is_active=True).first()
    return held.user if held else None


@transaction.atomic
def write_post(author: User, tags: Iterable[str], **values: object) -> Post:
    """Create a post with its tags, which are made where there are none."""
    names = list(tags)
    found = list(Tag.objects.filter(name__in=names))
    missing = set(names) - {tag.name for tag in found}
    post: Post = Post.objects.create(author=author, **values)
    post.tags.add(*found, *Tag.objects.bulk_create(Tag(name=name) for name in missing))
    return post

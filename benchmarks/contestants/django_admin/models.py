"""Who may enter Django's admin, in tables of Django's own beside the blog's; and the blog's comments."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from benchmarks.contestants.django_blog.models import Post, User


class Staff(AbstractUser):
    """Django's own user by another name: the table `auth_user` is the blog's."""

    class Meta:
        db_table = "django_staff"


class Comment(models.Model):
    """What a user says about a post."""

    id = models.BigAutoField(primary_key=True)
    content = models.TextField()
    status = models.CharField(
        max_length=8, choices=[(name, name.title()) for name in ("pending", "approved", "rejected")]
    )
    post = models.ForeignKey(Post, models.CASCADE)
    author = models.ForeignKey(User, models.CASCADE)
    parent = models.ForeignKey("self", models.CASCADE, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "comments_comment"
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        """As the other admin shows it."""
        return str(self.content)[:60]

"""Who may enter Django's admin, in tables of Django's own beside the blog's; and the blog's comments."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

from benchmarks.contestants.django_blog.models import Post, User


class StaffManager(BaseUserManager):
    """Makes those who may enter."""

    def create_superuser(self, username: str, password: str) -> "Staff":
        """Make somebody who may do everything, as the command of that name wants it."""
        user = Staff(username=username)
        user.set_password(password)
        user.save()
        return user


class Staff(AbstractBaseUser):
    """Who may do everything; Django's own user has groups and permissions, whose tables have the names of ours."""

    username = models.CharField(max_length=150, unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=True)
    is_superuser = models.BooleanField(default=True)
    objects = StaffManager()
    USERNAME_FIELD = "username"

    class Meta:
        db_table = "django_staff"

    def has_perm(self, perm: str, obj: object = None) -> bool:  # noqa: ARG002 - Django's signature
        """Say that they may."""
        return True

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002 - as above
        """Say that they may."""
        return True


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

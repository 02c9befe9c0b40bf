"""The rows of a large blog, the same on every database: made from their numbers, so that nothing needs storing."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Any

START = datetime(2024, 1, 1, tzinfo=UTC)
COMMENTS = 2  # of a post
TAGS = 200
COMMON_TAG, RARE_TAG = "tag 1", f"tag {TAGS}"  # on three of ten posts, and on one of 50,000
RARE_EVERY = 50_000
RARE_WORD, MISSING_WORD = "quetzalcoatl", "xylographer"  # in one of 50,000 posts, and in none
PENDING_EVERY = 40  # comments: 50,000 of two million
REPLIES = 10  # to the first comment
WRITER = 7  # who wrote twice as much as others, since the user behind wrote nothing
DRAFT_EVERY = 100  # posts
SENTENCES, WORDS = 5_000, 8_000  # that texts are made of
Row = dict[str, Any]


@dataclass(frozen=True)
class Blog:
    """A blog of `users` users, `posts` posts of about 1 KB with three tags each, and two comments a post."""

    users: int
    posts: int

    @property
    def comments(self) -> int:
        """How many comments there are."""
        return self.posts * COMMENTS + REPLIES

    def user_rows(self) -> Iterator[Row]:
        """Authors; nobody can log in as one of them."""
        for number in range(1, self.users + 1):
            name = f"user{number}"
            yield {
                "username": name,
                "email": f"{name}@example.org",
                "hashed_password": "!",
                "full_name": f"User {number}",
            }

    def tag_rows(self) -> Iterator[Row]:
        """`tag 1` to `tag 200`."""
        return ({"id": number, "name": f"tag {number}"} for number in range(1, TAGS + 1))

    def post_rows(self) -> Iterator[Row]:
        """A post a minute."""
        for number in range(1, self.posts + 1):
            rare = f" {RARE_WORD}" if number % RARE_EVERY == 0 else ""
            moment = START + timedelta(minutes=number)
            yield {
                "title": f"Post {number}: {self._sentence(number)[:60]}",
                "content": " ".join(self._sentence(number * 31 + part * 977) for part in range(9)) + rare,
                "is_published": number % DRAFT_EVERY != 0,
                "view_count": number % 97,
                "author_id": self._author(number),
                "created_at": moment,
                "updated_at": moment,
            }

    def link_rows(self) -> Iterator[Row]:
        """Three tags a post: one of the nine common ones, and two of the others."""
        for number in range(1, self.posts + 1):
            first = 1 if number % 10 < 3 else 2 + number % 8  # noqa: PLR2004 - three of ten
            third = TAGS if number % RARE_EVERY == 0 else 105 + number * 31 % 95
            for tag in (first, 10 + number * 7 % 95, third):
                yield {"post_id": number, "tag_id": tag}

    def comment_rows(self) -> Iterator[Row]:
        """Two comments a post, most of them approved, and some replies to the first."""
        for number in range(1, self.comments + 1):
            moment = START + timedelta(seconds=30 * number)
            yield {
                "content": f"{self._sentence(number * 13)} {self._sentence(number * 17)}",
                "status": "pending" if number % PENDING_EVERY == 0 else "approved",
                "post_id": 1 + (number - 1) // COMMENTS if number <= self.posts * COMMENTS else 1,
                "parent_id": None if number <= self.posts * COMMENTS else 1,
                "author_id": self._author(number * 7),
                "created_at": moment,
                "updated_at": moment,
            }

    def _author(self, number: int) -> int:
        author = 1 + number % self.users
        return WRITER if author == WRITER + 1 else author

    def _sentence(self, number: int) -> str:
        return self._sentences[number % SENTENCES]

    @cached_property
    def _sentences(self) -> list[str]:
        chosen = random.Random(1)  # noqa: S311 - texts, not secrets; the same in each run
        letters = "abcdefghiklmnoprstuvwz"
        words = ["".join(chosen.choices(letters, k=chosen.randint(3, 9))) for _ in range(WORDS)]
        # A few words are in most texts, as in any language. Summed up once: `choices` does it anew each time.
        weights = list(accumulate(1 / rank for rank in range(10, WORDS + 10)))
        return [" ".join(chosen.choices(words, cum_weights=weights, k=17)).capitalize() + "." for _ in range(SENTENCES)]

"""The list of posts with up to 500 a page."""

from dataclasses import replace

from fastapi import APIRouter

from plugins.blog.api import posts

router = APIRouter()
replace(posts, maximum_limit=500).add_list(router, "/long-posts", name="list_long_posts")

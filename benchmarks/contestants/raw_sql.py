"""The SQL of the raw contestant: one statement a request, which says who asks, cuts the page and builds the JSON.

It runs with `plan_cache_mode = force_generic_plan`. A statement a page size: with LIMIT written out, PostgreSQL's
generic plan knows how few rows it joins. Keys are skipped by their index alone, the page is cut before anything is
joined to it, and its tags are gathered in one go: of the ways to say it that were timed on these tables and indexes,
these cost PostgreSQL least.
"""

from functools import cache

# Who a token belongs to; $1 is its digest. No row: nobody.
VIEWER = """v AS (SELECT u.id FROM auth_session t JOIN auth_user u ON u.id = t.user_id
       WHERE t.token_hash = $1 AND t.expires_at > now() AND u.is_active)"""
FIELDS = """p.id, p.title, p.content, p.is_published, p.view_count, p.created_at, p.updated_at, p.author_id,
               (SELECT row_to_json(a) FROM (SELECT u.id, u.username, u.full_name) a) AS author"""
TAGS = """(SELECT coalesce(json_agg(x), '[]'::json) FROM (
                  SELECT t.id, t.name FROM blog_post_tag pt JOIN blog_tag t ON t.id = pt.tag_id
                   WHERE pt.post_id = p.id ORDER BY t.name) x) AS tags"""
POST = f"SELECT {FIELDS}, {TAGS} FROM blog_post p JOIN auth_user u ON u.id = p.author_id"  # noqa: S608 - our own text
NEWEST = "ORDER BY created_at DESC, id DESC"

ONE = f"SELECT row_to_json(z) FROM ({POST} WHERE p.id = $1 AND p.is_published) z"  # noqa: S608 - our own text
ONE_FOR = f"""
WITH {VIEWER}
SELECT (SELECT row_to_json(z) FROM ({POST} WHERE p.id = $2 AND (p.is_published OR p.author_id = v.id)) z) FROM v
"""  # noqa: S608 - our own text
# UPDATE locks the row, and looks at the version again if it had to wait.
CHANGE = f"""
WITH {VIEWER},
p AS (UPDATE blog_post b SET title = $3, updated_at = greatest(now(), b.updated_at + interval '1 microsecond')
        FROM v WHERE b.id = $2 AND b.author_id = v.id AND ($4::text IS NULL OR b.updated_at = $4::text::timestamptz)
      RETURNING b.*)
SELECT z.updated_at::text, row_to_json(z) FROM (SELECT {FIELDS}, {TAGS} FROM p JOIN auth_user u ON u.id = p.author_id) z
"""  # noqa: S608 - our own text
WHY_NOT = f"""
WITH {VIEWER}
SELECT CASE WHEN p.id IS NULL OR NOT (p.is_published OR p.author_id = v.id) THEN 404
            WHEN p.author_id = v.id THEN 412 ELSE 403 END
  FROM v LEFT JOIN blog_post p ON p.id = $2
"""  # noqa: S608 - our own text
CREATE = f"""
WITH {VIEWER},
names AS (SELECT DISTINCT unnest($5::text[]) AS name),
made AS (INSERT INTO blog_tag (name) SELECT name FROM names, v
          WHERE NOT EXISTS (SELECT FROM blog_tag t WHERE t.name = names.name)
         ON CONFLICT DO NOTHING RETURNING id, name),
tags AS (SELECT id, name FROM made UNION ALL SELECT t.id, t.name FROM blog_tag t JOIN names USING (name)),
p AS (INSERT INTO blog_post (title, content, is_published, view_count, author_id, created_at, updated_at)
      SELECT $2, $3, $4, 0, v.id, now(), now() FROM v RETURNING *),
carried AS (INSERT INTO blog_post_tag (post_id, tag_id) SELECT p.id, tags.id FROM p, tags)
SELECT row_to_json(z) FROM (
  SELECT {FIELDS}, (SELECT coalesce(json_agg(x), '[]'::json) FROM (SELECT id, name FROM tags ORDER BY name) x) AS tags
    FROM p JOIN auth_user u ON u.id = p.author_id) z
"""  # noqa: S608 - our own text


# The tag of $1, if anybody may know of it: not if drafts alone carry it.
TAG = """v AS (SELECT t.id FROM blog_tag t WHERE t.name = $1 AND (
         EXISTS (SELECT FROM blog_post_tag pt JOIN blog_post b ON b.id = pt.post_id
                  WHERE pt.tag_id = t.id AND b.is_published)
         OR NOT EXISTS (SELECT FROM blog_post_tag pt WHERE pt.tag_id = t.id)))"""


@cache
def page(limit: int) -> str:
    """Return what reads published posts after the first $1."""
    return _posts(_keys("is_published", f"LIMIT {limit} OFFSET $1"))


@cache
def page_for(limit: int) -> str:
    """Return what reads posts that the holder of $1 may see, after the first $2; no row for a stranger."""
    keys = _keys("(is_published OR author_id = (SELECT id FROM v))", f"LIMIT {limit} OFFSET $2")
    return _posts(keys, "SELECT items FROM items, v", f"{VIEWER},")


@cache
def counted(limit: int) -> str:
    """Return what reads published posts after the first $1, and how many there are."""
    total = "(SELECT count(*) FROM blog_post WHERE is_published)"
    return _posts(_keys("is_published", f"LIMIT {limit} OFFSET $1"), f"SELECT items, {total} FROM items")  # noqa: S608 - our own text


@cache
def after(limit: int) -> str:
    """Return what reads published posts before the moment $1 and the key $2, and where the last of them stands."""
    last = "(SELECT created_at || '~' || id FROM p ORDER BY created_at, id LIMIT 1)"
    keys = _keys("is_published AND (created_at, id) < ($1::text::timestamptz, $2)", f"LIMIT {limit}")
    return _posts(keys, f"SELECT items, {last} FROM items")  # noqa: S608 - our own text


@cache
def of_tag(limit: int) -> str:
    """Return what reads published posts with the tag $1; no row if there is none that anybody may know of."""
    carried = "EXISTS (SELECT FROM blog_post_tag pt WHERE pt.post_id = blog_post.id AND pt.tag_id = (SELECT id FROM v))"
    return _posts(_keys(f"is_published AND {carried}", f"LIMIT {limit}"), "SELECT items FROM items, v", f"{TAG},")


@cache
def of_author(limit: int) -> str:
    """Return what reads published posts of the user $1, and how many there are."""
    found = "f AS MATERIALIZED (SELECT id, created_at FROM blog_post WHERE is_published AND author_id = $1),"
    total = "(SELECT count(*) FROM f)"
    return _posts(f"SELECT id FROM f {NEWEST} LIMIT {limit}", f"SELECT items, {total} FROM items", found)  # noqa: S608 - our own text


def _posts(keys: str, found: str = "SELECT items FROM items", before: str = "") -> str:
    return f"""
WITH {before} p AS MATERIALIZED (SELECT * FROM blog_post WHERE id = ANY (ARRAY({keys}))),
tg AS (SELECT pt.post_id, json_agg(json_build_object('id', t.id, 'name', t.name) ORDER BY t.name) AS tags
         FROM blog_post_tag pt JOIN blog_tag t ON t.id = pt.tag_id
        WHERE pt.post_id = ANY (ARRAY(SELECT id FROM p)) GROUP BY pt.post_id),
items AS (SELECT coalesce(json_agg(z), '[]'::json) AS items FROM (
  SELECT {FIELDS}, coalesce(tg.tags, '[]'::json) AS tags
    FROM p JOIN auth_user u ON u.id = p.author_id LEFT JOIN tg ON tg.post_id = p.id
   ORDER BY p.created_at DESC, p.id DESC) z)
{found}
"""  # noqa: S608 - our own text


def _keys(where: str, tail: str) -> str:
    return f"SELECT id FROM blog_post WHERE {where} {NEWEST} {tail}"  # noqa: S608 - our own text

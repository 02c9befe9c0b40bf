"""The page at /docs may load what it needs and nothing else."""

import re
from base64 import b64encode
from hashlib import sha256


async def test_its_policy_allows_exactly_what_the_page_loads(probe):
    answer = await probe.get("/docs")
    policy = answer.headers["content-security-policy"]
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in policy
    assert "'unsafe-inline'" not in re.search("script-src [^;]*", policy)[0]
    for loaded in re.findall(r'(?:src|href)="(https?://[^/"]+)', answer.text):
        assert loaded in policy


async def test_it_reads_the_document_of_this_site(probe):
    assert "url: '/openapi.json'" in (await probe.get("/docs")).text


async def test_where_the_cdn_is_out_of_reach_the_page_says_so(probe):
    page = (await probe.get("/docs")).text
    assert "loads from https://cdn.jsdelivr.net. Without it, read <a href='/openapi.json'>" in page

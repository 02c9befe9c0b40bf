"""The usual ways to get a script into a page, by Markdown and by the HTML within it (OWASP's XSS filter evasion).

Images are of what no browser loads, so that nothing is asked for where an attack fails.
"""

ATTACKS = (
    "<script>window.hit = 1</script>",
    "<scr<script>ipt>window.hit = 2</script>",
    '<img src="data:," onerror="window.hit = 3">',
    "<svg onload=window.hit=4><script>window.hit=4</script></svg>",
    "<svg><animate onbegin=window.hit=5 attributeName=x dur=1s>",
    "[a](javascript:window.hit=6)",
    "[a](JaVaScRiPt:window.hit=7)",
    "[a](&#106;avascript:window.hit=8)",
    "<javascript:window.hit=9>",
    '<a href="java\tscript:window.hit=10">a</a>',
    '<a href="\x01javascript:window.hit=11">a</a>',
    "![a](javascript:window.hit=12)",
    "[a]: javascript:window.hit=13\n\n[a]",
    "[a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "![a](data:image/svg+xml,<svg/onload=window.hit=14>)",
    '[a](http://x.example/ "&quot; onmouseover=window.hit=15 x=&quot;")',
    '![" onerror="window.hit=16](data:,)',
    '<iframe src="javascript:window.hit=17"></iframe>',
    '<iframe srcdoc="<script>parent.hit=18</script>"></iframe>',
    '<form action="javascript:window.hit=19"><input type=submit autofocus onfocus=window.hit=19></form>',
    "<details open ontoggle=window.hit=20>a</details>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;<img src=data:, onerror=window.hit=21>'>",
    "<noscript><p title='</noscript><img src=data:, onerror=window.hit=22>'>",
    '<meta http-equiv="refresh" content="0;url=javascript:window.hit=23"><base href="//evil.example/">',
    "<style>@import '//evil.example/x.css'; * { background: url(javascript:window.hit=24) }</style>",
    '<div style="background: url(//evil.example/x)" class="modal" id="said">a</div>',
    "<object data=javascript:window.hit=25></object><embed src=javascript:window.hit=25>",
    "<a href=vbscript:x>a</a> <a href=file:///etc/passwd>b</a>",
    '```"><script>window.hit=26</script>\n<script>window.hit=26</script>\n```',
    "<!-- --!><img src=data:, onerror=window.hit=27> -->",
    "<img src='data:,'\nonerror\n=window.hit=28>",
    "<input autofocus onfocus=window.hit=29><video><source onerror=window.hit=29></video>",
)

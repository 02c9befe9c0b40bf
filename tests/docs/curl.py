#!/usr/bin/env python3
"""The part of curl our pages use, for a machine without it."""

import argparse
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("-s", "--silent", action="store_true")
parser.add_argument("-S", "--show-error", action="store_true")
parser.add_argument("-f", "--fail", action="store_true")
parser.add_argument("-i", "--include", action="store_true")
parser.add_argument("-X", "--request")
parser.add_argument("-H", "--header", action="append", default=[])
parser.add_argument("-d", "--data", action="append", default=[])
parser.add_argument("-o", "--output")
parser.add_argument("-w", "--write-out", default="")
options = parser.parse_args()

data = "&".join(options.data).encode() if options.data else None
request = Request(options.url, data, method=options.request or ("POST" if data else "GET"))
for header in options.header:
    name, _, value = header.partition(":")
    request.add_header(name.strip(), value.strip())
try:
    answer = urlopen(request, timeout=60)
except HTTPError as error:
    answer = error
body = answer.read()
if options.include:
    sys.stdout.write(f"HTTP/1.1 {answer.status}\r\n{answer.headers}")
    sys.stdout.flush()
if options.output:
    with Path(options.output).open("wb") as file:
        file.write(body)
elif not (options.fail and answer.status >= 400):
    sys.stdout.buffer.write(body)
sys.stdout.write(options.write_out.replace("\\n", "\n").replace("%{http_code}", str(answer.status)))
sys.exit(22 if options.fail and answer.status >= 400 else 0)

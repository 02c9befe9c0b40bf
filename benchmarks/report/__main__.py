"""Write what was measured into the pages of docs/: `python -m benchmarks.report`."""

from benchmarks.report.page import main

main()

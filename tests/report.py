#!/usr/bin/env python3
"""report.py BROKEN JUNIT…: sums what ctest wrote, says why tests were skipped and which failed.

BROKEN counts what failed before a test could run, a build for instance. A file that is missing
counts as one failure too. The last line is `N passed, N failed, N skipped`; the exit code
is 0 when none failed and there were any."""

import os
import re
import sys
import xml.etree.ElementTree


def reason(case):
    """What a skipped test said about it: its line that begins with SKIP, else its last one."""
    lines = [line for line in (case.findtext("system-out") or "").splitlines() if line.strip()]
    told = [line for line in lines if re.match(r"\s*skip", line, re.I)]
    return (told or lines[-1:] or ["no reason given"])[0].strip()


def main():
    passed, failed, skipped = 0, int(sys.argv[1]), 0
    for path in sys.argv[2:]:
        build = os.path.basename(os.path.dirname(path))
        try:
            cases = list(xml.etree.ElementTree.parse(path).iter("testcase"))
        except (OSError, xml.etree.ElementTree.ParseError) as error:
            print(f"{build}: no results ({error})")
            failed += 1
            continue
        for case in cases:
            skip = case.find("skipped")
            if case.get("status") == "run":
                passed += 1
            elif skip is not None and "SKIP" in skip.get("message", ""):
                skipped += 1
                print(f"skipped in {build}: {case.get('name')}: {reason(case)}")
            elif case.get("status") == "disabled":
                skipped += 1
                print(f"disabled in {build}: {case.get('name')}")
            else:
                failed += 1
                print(f"FAILED in {build}: {case.get('name')}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if passed + skipped > 0 and not failed else 1


if __name__ == "__main__":
    sys.exit(main())

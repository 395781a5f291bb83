#!/usr/bin/env python3
"""Counts the tests in a report that ctest wrote (--output-junit) and prints `N passed, N failed, N skipped` last.

A test program that runs many cases is counted by its cases: the summary of doctest or of Python's unittest, or a last line
of the same form as ours. Skipped tests are listed. Exit code 1 when something failed or nothing ran.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

DOCTEST = re.compile(r"^\[doctest\] test cases:\s*(\d+) \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped", re.M)
UNITTEST = re.compile(r"^Ran (\d+) tests? in [\d.]+s\n+(?:OK|FAILED)(?: \((.*)\))?$", re.M)
OURS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")


def cases_inside(output):
    """Passed, failed and skipped cases that the output tells of; None when it tells of none."""
    doctest = DOCTEST.findall(output)
    if doctest:
        return tuple(sum(int(line[i]) for line in doctest) for i in (1, 2, 3))
    unittest = UNITTEST.search(output)
    if unittest:
        ran, words = int(unittest[1]), dict(re.findall(r"(\w+)=(\d+)", unittest[2] or ""))
        skipped = int(words.get("skipped", 0))
        # One test may fail several times, in its sub-tests.
        failed = min(int(words.get("failures", 0)) + int(words.get("errors", 0)), ran - skipped)
        return ran - failed - skipped, failed, skipped
    lines = output.strip().splitlines()
    own = OURS.match(lines[-1].strip()) if lines else None
    return tuple(int(n) for n in own.groups()) if own else None


def count(test):
    """One ctest test as (passed, failed, skipped, note about skipping)."""
    status = test.get("status")
    output = test.findtext("system-out") or ""
    if status in ("notrun", "disabled"):
        skipped = test.find("skipped")
        reason = skipped.get("message", "") if skipped is not None else status
        if status == "notrun" and not reason.startswith("SKIP"):
            return 0, 1, 0, ""  # its program is missing, say: that is a failure, not a choice
        lines = output.strip().splitlines()
        return 0, 0, 1, lines[-1] if lines else reason
    passed, failed, skipped = cases_inside(output) or (0, 0, 0)
    if status != "run":
        return passed, max(failed, 1), skipped, f"{skipped} of its cases"
    if passed + failed + skipped == 0:
        passed = 1
    return passed, failed, skipped, f"{skipped} of its cases" if skipped else ""


def main(path):
    totals = [0, 0, 0]
    notes = []
    try:
        tests = ElementTree.parse(path).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError) as error:
        print(f"no test report: {error}", file=sys.stderr)
        tests = []
    for test in tests:
        *numbers, note = count(test)
        totals = [total + number for total, number in zip(totals, numbers)]
        if numbers[2]:
            notes.append(f"  SKIPPED {test.get('name')}: {note}")
    if notes:
        print("\n*** Some tests did not run:\n" + "\n".join(notes) + "\n")
    passed, failed, skipped = totals
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

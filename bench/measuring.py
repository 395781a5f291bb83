"""What the parts of the benchmark share: running programs and saying what came of it."""

import json
import os
import subprocess
import sys
import tempfile
import time
import typing

MIB = 1 << 20


class Run(typing.NamedTuple):
    wall: float  # seconds
    cpu: float  # processor seconds
    errors: str  # standard error
    resident: int  # most memory with file pages, bytes


def run(command):
    """Runs to the end; ends the program when the command fails."""
    with tempfile.TemporaryFile() as errors:
        begin = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        text = errors.read().decode(errors="replace")
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {process.returncode}\n{text}")
    return Run(wall, usage.ru_utime + usage.ru_stime, text, usage.ru_maxrss * 1024)


def run_reference(command):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def summary(text):
    """The JSON summary that `--stats json` puts on the last line of standard error."""
    return json.loads(text.strip().splitlines()[-1])


def verdict(good):
    return "ok" if good else "MISSED"

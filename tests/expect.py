# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test expects: checks, which are counted and end it with a reason; events, which may take their time; what a daemon of
onus tells of itself."""
import json
import time

MINUTES = 300  # in seconds: no event takes longer, on the slowest machine


class Expect:
    """show: returns what is printed where something is not as it should be, the end of a log as a rule."""

    def __init__(self, show):
        self.show, self.checks = show, 0

    def check(self, good, *words):
        self.checks += 1
        if not good:
            print(self.show())
            raise SystemExit("not ok: " + " ".join(map(str, words)))

    def until(self, what, *words):
        """Wait for an event; how long it takes does not matter. Returns what it was."""
        end = time.monotonic() + MINUTES
        while not (got := what()) and time.monotonic() < end:
            time.sleep(0.02)
        self.check(got, *words)
        return got


def read(path):
    """A text that a program may not have begun yet."""
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def status_of(state_dir, program):
    text = read("%s/status/%s.status" % (state_dir, program))
    return json.loads(text) if text else {"counters": {}, "gauges": {}, "message": ""}

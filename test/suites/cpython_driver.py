"""Runs one module of CPython's regression tests, and says of each method on the first descriptor it was given how it ended."""

import os
import sys
import unittest

report = os.dup(1)
nothing = os.open(os.devnull, os.O_RDWR)
for descriptor in (1, 2):
    os.dup2(nothing, descriptor)

from test import support  # noqa: E402

support.verbose = 0
# As regrtest does without -u: what needs the network, much memory or a display is skipped.
support.use_resources = []


def say(outcome, name):
    os.write(report, f"{outcome}\t{name}\n".encode("utf-8", "backslashreplace"))


class Report(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self.outcome = "passed"

    def addError(self, test, err):
        super().addError(test, err)
        self.failed(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.failed(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.failed(test, err)

    def failed(self, test, err):
        why = " ".join(str(err[1]).split())[:200]
        self.outcome = f"failed: {why}"
        if not isinstance(test, unittest.TestCase):
            say(self.outcome, test.id())

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.outcome = "skipped"
        if not isinstance(test, unittest.TestCase):
            say("skipped", test.id())

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.outcome = "failed: unexpected success"

    def stopTest(self, test):
        super().stopTest(test)
        say(self.outcome, test.id())


name = f"test.{sys.argv[1]}"
try:
    suite = unittest.defaultTestLoader.loadTestsFromName(name)
except unittest.SkipTest:
    say("skipped", name)
except Exception as error:
    # Not ended: it says nothing.
    say(f"failed: {error}", name)
    os._exit(1)
else:
    suite.run(Report())
say("ended", name)
os._exit(0)

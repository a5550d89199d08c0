"""``python run.py FILE``: run a program's checks, and print a line of JSON about each.

The first line says which package the program found, and which installed distributions require it. A check that hangs
ends the program, with the stacks of all threads on standard error.
"""

import faulthandler
import importlib.metadata
import importlib.util
import json
import os
import sys
import time
import unittest
from pathlib import Path
from typing import Any, TextIO

PATIENCE = 60
"""Seconds that a check may take."""


class Reporter(unittest.TestResult):
    """Prints a line for each check that ends."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self.buffer = True
        self._out = out
        self._began = 0.0

    def startTest(self, test: unittest.TestCase) -> None:
        faulthandler.dump_traceback_later(PATIENCE, exit=True, file=sys.__stderr__)
        self._began = time.perf_counter()
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:
        faulthandler.cancel_dump_traceback_later()
        output = sys.stdout.getvalue() + sys.stderr.getvalue() if self._mirrorOutput else ""
        problems = [text for failed, text in [*self.failures, *self.errors] if failed is test]
        seconds = round(time.perf_counter() - self._began, 3)
        check = test.id().rpartition(".")[2]
        self._say(check=check, passed=not problems, seconds=seconds, problem="\n".join(problems), output=output)
        self._mirrorOutput = False
        super().stopTest(test)

    def addError(self, test: Any, error: Any) -> None:
        super().addError(test, error)
        if not isinstance(test, unittest.TestCase):  # the fixture of a class failed, so none of its checks will report
            self._say(check=None, passed=False, seconds=0, problem=self.errors[-1][1], output="")

    def _say(self, **line: Any) -> None:
        print(json.dumps(line), file=self._out, flush=True)


def about_the_package() -> dict[str, Any]:
    """Report what is imported as azure.ai.inference, and which packages require which versions of it."""
    import azure.ai.inference as package

    asked = [
        (distribution.metadata["Name"], requirement)
        for distribution in importlib.metadata.distributions()
        for requirement in distribution.requires or ()
        if requirement.lower().replace("_", "-").replace(".", "-").startswith("azure-ai-inference")
    ]
    return {"file": package.__file__, "version": package.__version__, "asked": asked}


def main(program: str) -> None:
    """Run the checks of one program."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # standard output is for these lines, not for what a framework prints
    print(json.dumps(about_the_package()), file=out, flush=True)
    spec = importlib.util.spec_from_file_location("program", program)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["program"] = module
    spec.loader.exec_module(module)
    unittest.defaultTestLoader.loadTestsFromModule(module).run(Reporter(out))


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()))

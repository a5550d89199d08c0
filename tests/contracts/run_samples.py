"""Run samples one after the other in one process: `python -W error run_samples.py RESULTS SAMPLE...`.

In a process for each, importing the package would take longer than running the sample. Samples that set process-wide
state, such as a tracer provider, need their own process.
"""

import gc
import io
import json
import runpy
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path


def run(path: Path) -> dict[str, object]:
    """Return the status and the output, as of a process."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    sys.path.insert(0, str(path.parent))
    sys.argv = [str(path)]
    with redirect_stdout(out), redirect_stderr(err):
        try:
            runpy.run_path(str(path), run_name="__main__")
        except SystemExit as end:
            status = int(end.code or 0)
        except BaseException:  # noqa: BLE001 - as the interpreter does
            traceback.print_exc()
            status = 1
        gc.collect()  # unclosed resources warn
    sys.path.remove(str(path.parent))
    return {"status": status, "out": out.getvalue(), "err": err.getvalue()}


if __name__ == "__main__":
    results, *samples = map(Path, sys.argv[1:])
    results.write_text(json.dumps({path.name: run(path) for path in samples}), "utf-8")

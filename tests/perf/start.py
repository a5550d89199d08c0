"""Measure the import of a library and building a client: `start.py CONTENDER URL`, in a fresh process.

Prints milliseconds of processor time. Separate from `worker.py`, which imports modules that libraries import too.
"""

import sys
import time

before = time.process_time()

import clients  # noqa: E402

clients.SYNC[sys.argv[1]](sys.argv[2])
print((time.process_time() - before) * 1e3)

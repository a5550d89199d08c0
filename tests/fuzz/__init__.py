"""Any input at all: what holds of the code that reads what others wrote, whatever they wrote.

`targets/` has one module for each kind of input. A target is a function of bytes that asserts what has to hold, some
seeds (with a row for everything that fuzzing has found), and a strategy that makes likely bytes. Two engines run them:

- hypothesis, in the test suite (`test_targets.py`): the same examples every time. `FUZZ_PROFILE=long python -m pytest
  tests/fuzz -n auto` tries a hundred times as many, at random.
- atheris, guided by the branches that an input takes: `python tests/fuzz/run_atheris.py TARGET --seconds 60`.
"""

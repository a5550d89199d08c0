"""Fuzz the code that reads untrusted input, with properties that hold for any input at all.

`targets/` has one module for each kind of input. A target is a function of bytes that asserts properties, some seeds
(with a row for everything that fuzzing has found), and a strategy that generates likely inputs. Two engines run them:

- hypothesis, in the test suite (`test_targets.py`), with the same examples every time.
  `FUZZ_PROFILE=long python -m pytest tests/fuzz -n auto` tries a hundred times as many, at random.
- atheris, guided by coverage: `python tests/fuzz/run_atheris.py TARGET --seconds 60`.
"""

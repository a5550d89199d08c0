"""Runs on clusters, in an environment of their own: `python tests/scale/environment.py` makes it and runs them."""

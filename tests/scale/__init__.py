"""Runs on clusters, in their own environment: `python tests/scale/environment.py` creates it and runs them."""

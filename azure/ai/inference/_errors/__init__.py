"""Errors: what an error body says, the exception to raise, and advice on what to try next."""

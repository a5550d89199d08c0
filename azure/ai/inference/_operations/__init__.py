"""What to send, and what an answer means: pure functions from options to requests and from JSON to models."""

"""What a stream means: bytes in, updates out, and the completion that they add up to. Nothing here reads or waits."""

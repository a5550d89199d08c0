"""What HTTP asks of a client, decided without I/O: where a request goes, with what credential, and when again."""

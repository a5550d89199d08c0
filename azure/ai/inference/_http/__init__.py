"""HTTP without I/O: endpoints, credentials, retries, deadlines, proxies, and the headers of a response."""

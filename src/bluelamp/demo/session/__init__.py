"""The nation meets a running platform: it is founded there, given a past, and kept alive, all through the public HTTP API."""

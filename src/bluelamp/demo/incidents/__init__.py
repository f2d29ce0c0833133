"""Incidents of the nation: resources on its roads, and stories that simulated people play through the public API."""

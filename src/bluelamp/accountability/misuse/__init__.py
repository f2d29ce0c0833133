"""Finds looks that somebody should ask about. Always on; every finding says in words why, and a person decides."""

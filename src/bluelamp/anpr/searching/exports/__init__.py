"""Exports: what a search found as files that can leave the platform and be proven unchanged."""

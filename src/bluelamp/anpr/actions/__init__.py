"""Verbs that change: one transaction, one audit entry."""

"""Doors: parse, call one verb or question, shape the answer."""

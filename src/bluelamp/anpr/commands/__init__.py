"""Command-line nouns."""

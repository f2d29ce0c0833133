"""Finds the VOI entries that a batch of reads may name, exactly or approximately. Knows no database and no network."""

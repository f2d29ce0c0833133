"""Questions, each with the conditions that policy demands."""

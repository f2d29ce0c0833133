"""Where resources are: taken in, held in memory, kept as history. See README.md."""

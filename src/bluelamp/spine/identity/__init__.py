"""Who calls: accounts, passwords, sessions of browsers and tokens of programs."""

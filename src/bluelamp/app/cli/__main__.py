"""`python -m bluelamp.app.cli`: the command as the supervisor calls it, wherever it is installed."""

from bluelamp.app.cli import main

main()

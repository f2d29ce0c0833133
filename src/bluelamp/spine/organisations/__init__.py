"""The agencies that work on the platform."""

"""Bluelamp: what any one force knows reaches the officer who needs it, now, and every look is accounted for."""

__version__ = "0.1.0"

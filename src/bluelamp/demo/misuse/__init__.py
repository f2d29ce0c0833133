"""A simulated year of looks with planted abuse. It knows nothing of the detector and shares no number with it."""

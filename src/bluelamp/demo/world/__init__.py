"""Geography, population and clock of the simulated nation. Pure: no network, no platform, the same for the same seed."""

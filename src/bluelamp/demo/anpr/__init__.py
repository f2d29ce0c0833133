"""The number-plate sense of the simulated nation: what its cameras see of the world, and how their makers put it on the wire."""

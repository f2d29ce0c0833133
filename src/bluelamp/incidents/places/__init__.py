"""Places as people say them, found with the deployer's data. See docs/places.md."""

"""The live stream of incidents: one connection a device. See docs/live.md."""

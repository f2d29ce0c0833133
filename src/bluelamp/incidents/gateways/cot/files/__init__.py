"""Files on their way between TAK devices, and data packages. What belongs to an incident is kept as its media, nothing else for long."""

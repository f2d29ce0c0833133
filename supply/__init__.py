"""What the platform is made of: a bill of materials from the locks, held to rules, and compared with advisories where there are any."""

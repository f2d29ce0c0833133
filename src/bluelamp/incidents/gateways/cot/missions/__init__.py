"""Incidents as TAK clients know them: missions ("Data Sync"). Nothing is kept here that the incident does not say."""

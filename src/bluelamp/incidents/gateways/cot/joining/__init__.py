"""Cursor on Target and incidents: what devices say becomes events of incidents, and what incidents are told becomes events on devices."""

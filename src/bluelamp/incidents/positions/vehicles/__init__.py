"""Devices that sit in vehicles and send NMEA 0183 or small JSON by MQTT."""

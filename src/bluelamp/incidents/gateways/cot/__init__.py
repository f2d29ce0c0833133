"""Cursor on Target: ATAK, WinTAK, iTAK, CloudTAK and their like on the same picture. See docs/tak.md."""

"""Segments that are not written yet: their text, and whether it may be written."""

"""Audiences on their way out: desired set → delta → delivery → file → destination → receipt."""

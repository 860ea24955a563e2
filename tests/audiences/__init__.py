"""Audiences on a real DuckDB file and a real folder."""

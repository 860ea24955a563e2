"""What a change of the specs would do: the specs as they are against those of another commit, on one as-of day."""

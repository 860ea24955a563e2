"""What a change of the specs would do, held against what it does."""

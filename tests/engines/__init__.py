"""The same rules on every engine: what runs here is run, what cannot is at least parsed back."""

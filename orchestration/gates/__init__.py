"""Gates: Great Expectations before a run (sources) and before a push (audiences)."""

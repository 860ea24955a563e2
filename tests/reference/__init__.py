"""The naive reference evaluator: DESIGN.md part 4 as plain Python over rows, sharing no code with the compiler."""

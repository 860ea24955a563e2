"""The `tests:` of segment specs: made-up subjects in tables of their own, judged by the SQL that ships."""

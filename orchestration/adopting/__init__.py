"""`muster init`: Muster as a package of a dbt project that is there already, or as a project of its own."""

"""Small cases that say what a rule means, in a form a data analyst can read and write."""

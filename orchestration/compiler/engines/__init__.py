"""How engines differ, in one place for each: the compiler's trees know none of it."""

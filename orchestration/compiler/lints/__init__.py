"""Lints: what is no error in a spec, and most likely not meant; each a warning at its place."""

from orchestration.compiler.lints.lint import lint

__all__ = ["lint"]

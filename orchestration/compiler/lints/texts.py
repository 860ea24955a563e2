"""What tests of a text say about each other; letters beyond ASCII are left undecided, as engines fold them."""

from __future__ import annotations

from orchestration.compiler.segment import TextTest


def passes(test: TextTest, text: str) -> bool | None:
    """Whether a known text passes; None where it is not sure."""
    if not (test.text.isascii() and text.isascii()) or test.kind == "matches":
        return None
    value, wanted = text.lower(), test.text.lower()
    match test.kind:
        case "contains":
            return wanted in value
        case "starts_with":
            return value.startswith(wanted)
        case "ends_with":
            return value.endswith(wanted)
        case _:
            _, at, domain = value.rpartition("@")
            return at == "@" and domain == wanted


def implies(first: TextTest, second: TextTest) -> bool:
    """Whether every text that passes the first test surely passes the second."""
    if first == second:
        return True
    if not (first.text.isascii() and second.text.isascii()) or "matches" in (first.kind, second.kind):
        return False
    one, other = first.text.lower(), second.text.lower()
    match first.kind, second.kind:
        case ("contains", "contains") | ("starts_with", "contains") | ("ends_with", "contains"):
            return other in one
        case ("starts_with", "starts_with"):
            return one.startswith(other)
        case ("ends_with", "ends_with"):
            return one.endswith(other)
        case ("domain", "contains"):
            return other in f"@{one}"
        case ("domain", "ends_with"):
            return f"@{one}".endswith(other)
        case ("domain", "domain"):
            return one == other
        case _:
            return False


def excludes(first: TextTest, second: TextTest) -> bool:
    """Whether surely no text passes both tests."""
    if not (first.text.isascii() and second.text.isascii()):
        return False
    one, other = first.text.lower(), second.text.lower()
    match first.kind, second.kind:
        case ("starts_with", "starts_with"):
            return not (one.startswith(other) or other.startswith(one))
        case ("ends_with", "ends_with"):
            return not (one.endswith(other) or other.endswith(one))
        case ("domain", "domain"):
            return one != other
        case ("domain", "ends_with"):
            return not (f"@{one}".endswith(other) or other.endswith(f"@{one}"))
        case ("ends_with", "domain"):
            return excludes(second, first)
        case _:
            return False

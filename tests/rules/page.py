"""docs/rules.md: every word of the rule language, what it means and takes, and a spec that shows it."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill

from orchestration.compiler.catalog import Type
from orchestration.compiler.operators import BARE, MODIFIERS, RANK_WORDS, WORDS
from orchestration.compiler.schema.said import CHAPTERS, SAID, SPELLED
from tests.rules.examples import FinePrint, fine_print, of_words
from tests.rules.takes import Schema, schema, takes

HEAD = """\
# The rule language

A segment is one file, `segment_specs/FOLDER/KEY.yml`. Its rule stands under `where`; a fixed list stands under
`members` instead. This page says what every word means. Each example is a spec with its tests, on the catalog of the
demo (`segment_specs/catalog.yml`), of entity `person` where nothing else is said; what a test does not mention is
unknown.

This page is made from the compiler's own descriptions (`orchestration/compiler/schema/said.py`, which editors show
too) and the examples in `tests/rules`, which `make test` runs. What is wrong with a rule is said by the
[problems](problems.md); `muster check` finds it.

"""
INTRODUCTIONS = {
    "Groups": (
        "A rule is one condition or a group. Groups nest as deep as wanted; a list where a rule is expected means "
        "`all`."
    ),
    "What a condition is about": (
        "A condition is one mapping that is about one thing: an attribute (`plan: pro`), an attribute of an attached "
        "subject (`company.plan: pro`), or one of these words."
    ),
    "Beside events and relations": (
        "These stand beside `performed` and its kind, or beside `related`. The words of "
        "[dates and windows](#dates-and-windows) stand beside them too, and choose by the event's or the row's date."
    ),
    "Any attribute": "These stand alone under an attribute's name, or beside its operators.",
    "Text, and true or false": "Of these, booleans take `is` and `is_not`.",
    "Numbers and ranks": (
        "Also of a count, a sum and the like. A number may have 18 digits before the point and 9 after it; a share is "
        "a percentage of another attribute, `80% of photo_limit`, and unknown when that one is."
    ),
    "Lists": "A list is compared element by element, exactly. Nulls inside it are ignored.",
    "Dates and windows": (
        "Of an attribute that is a date or a timestamp; beside an event or a relation they are windows, and choose "
        "which count. All are whole local days that end with the as-of day; `hours` need a timestamp."
    ),
}
TESTS = (
    "A test under `tests` says who is in and who is not; `muster check` runs it on made-up rows in memory. A date "
    "given for a timestamp is noon of that local day. More about them: [tests of a rule](writing.md#tests-of-a-rule)."
)
KINDS = {
    Type.TEXT: "`text`",
    Type.NUMBER: "`integer`, `number`, `float`",
    Type.BOOLEAN: "`boolean`",
    Type.LIST: "`list`",
    Type.DATE: "`date`, `timestamp`",
}


def page() -> str:
    """The whole page."""
    chapters = "".join(_chapter(title, words) for title, words in CHAPTERS.items())
    points = "".join(_point(point) for point in fine_print())
    return f"{HEAD}{_contents()}{_file()}{_operators()}{chapters}\n## Fine print\n{points}"


def anchor(heading: str) -> str:
    """The name under which a heading can be linked to."""
    kept = "".join(sign for sign in heading.lower() if sign.isalnum() or sign in " -_")
    return kept.replace(" ", "-")


def spelled(word: str) -> str:
    """A word as it is written in a rule."""
    return SPELLED.get(word, word)


def heading(word: str) -> str:
    """The heading of a word; one that means different things in different places says of what it is."""
    said = {"row": "of rows", "step": "of a step", "ago": "of dates", "dates": "of dates"}
    return f"`{spelled(word)}` {said[word.rpartition('_')[2]]}" if word in SPELLED else f"`{word}`"


def _contents() -> str:
    titles = ("A segment's file", "Operators by type", *CHAPTERS, "Fine print")
    return "".join(f"- [{title}](#{anchor(title)}){_links(title)}\n" for title in titles)


def _links(title: str) -> str:
    words = [f"[{heading(word)}](#{anchor(heading(word))})" for word in CHAPTERS.get(title, {})]
    return ": " + " · ".join(words) if words else ""


def _file() -> str:
    fields: Schema = schema()["properties"]
    tests: Schema = schema()["definitions"]["person:test"]["properties"]
    return (
        f"\n## A segment's file\n\n{_table(('field', 'meaning'), _fields(fields))}\n"
        f"{_wrapped(TESTS)}\n\n"
        f"{_table(('of a test', 'meaning'), _fields(tests))}"
    )


def _fields(fields: Schema) -> list[tuple[str, str]]:
    return [(f"`{name}`", _cell(str(each["description"]))) for name, each in fields.items()]


def _operators() -> str:
    rows = [(KINDS[kind], ", ".join(f"`{word}`" for word in WORDS[kind] if word not in RANK_WORDS)) for kind in KINDS]
    ranked = " and ".join(f"`{word}`" for word in RANK_WORDS)
    beside = ", ".join(f"`{word}`" for word in MODIFIERS)
    bare = " and ".join(f"`{word}`" for word in BARE)
    said = (
        f"Every type has {bare}. Numbers and dates have the ranks {ranked} in a segment's own rule. "
        f"Beside operators may stand {beside}."
    )
    return f"\n## Operators by type\n\n{_table(('type in the catalog', 'operators'), rows)}\n{_wrapped(said)}\n"


def _chapter(title: str, words: dict[str, str]) -> str:
    examples = of_words(title)
    entries = "".join(_word(word, examples[word]) for word in words)
    return f"\n## {title}\n\n{_wrapped(INTRODUCTIONS[title])}\n{entries}"


def _word(word: str, example: str) -> str:
    return f"\n### {heading(word)}\n\n{_wrapped(f'{SAID[word]} Takes {takes()[word]}.')}\n\n{_yaml(example)}"


def _point(point: FinePrint) -> str:
    return f"\n### {point.title}\n\n{_wrapped(point.text)}\n\n{_yaml(point.example)}"


def _yaml(text: str) -> str:
    return f"```yaml\n{text}\n```\n"


def _wrapped(text: str) -> str:
    return fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    lines = [head, ("---", "---"), *rows]
    return "".join(f"| {left} | {right} |\n" for left, right in lines)

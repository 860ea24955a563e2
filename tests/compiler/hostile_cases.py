"""Files that nobody should have to write: what is put into a project, and what `muster check` has to say about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

Build = Callable[[Path], object]
HEAD = "entity: person\nwhere:\n"
DUPLICATE = "duplicate-key"
RULE = "entity: person\nwhere: {plan: pro}\n"


class Hostile(NamedTuple):
    """A project to build in a folder `segment_specs`, and a code that the report has; none where all is well."""

    name: str
    build: Build
    code: str | None


def spec(text: str | bytes, path: str = "people/hostile.yml") -> Build:
    def build(specs: Path) -> None:
        place = specs / path
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)

    return build


def rule(text: str) -> Build:
    return rules([text])


def rules(texts: Iterable[str]) -> Build:
    return spec(HEAD + "".join(f"  - {text}\n" for text in texts))


def holes(path: str, size: int = 100_000_000) -> Build:
    """A file of many bytes that takes no room on the disk."""

    def build(specs: Path) -> None:
        place = specs / path
        place.parent.mkdir(exist_ok=True)
        with place.open("wb") as file:
            file.truncate(size)

    return build


def many(count: int, text: Callable[[int], str]) -> Build:
    def build(specs: Path) -> None:
        for number in range(count):
            (specs / "people" / f"s{number}.yml").write_text(text(number), "utf-8")

    return build


def link(path: str, target: str) -> Build:
    return lambda specs: (specs / path).symlink_to(target)


def listed(data: bytes) -> Build:
    def build(specs: Path) -> None:
        spec(data, "static/hostile.csv")(specs)
        spec("entity: person\nmembers: static/hostile.csv\n")(specs)

    return build


def odd_name(specs: Path) -> None:
    (Path(os.fsdecode(os.fsencode(specs) + b"/people/\xff\n::error::.yml"))).write_text(RULE)


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(lines)


def deep(opening: str, inside: str, closing: str, depth: int = 10_000) -> str:
    return opening * depth + inside + closing * depth


def cases() -> Iterator[Hostile]:
    yield from nested()
    yield from sizes()
    yield from encodings()
    yield from values()
    yield from files()
    yield from lists()
    yield from crowds()


def nested() -> Iterator[Hostile]:
    yield Hostile("10,000 lists in lists", spec("where: " + deep("[", "x", "]")), "too-deep")
    yield Hostile("10,000 mappings in mappings", spec("where: " + deep("{not: ", "x", "}")), "too-deep")
    yield Hostile("10,000 dashes", spec("- " * 10_000 + "x\n"), "too-deep")
    yield Hostile("10,000 levels of indentation", spec("".join(" " * n + "a:\n" for n in range(1_300))), "too-deep")
    yield Hostile("10,000 brackets never closed", spec("where: " + "[" * 10_000), "too-deep")
    yield Hostile("60 levels", spec("entity: person\nwhere: " + deep("{not: ", "{plan: pro}", "}", 60)), None)
    yield Hostile("aliases of aliases", spec(bomb()), "yaml")
    yield Hostile("an alias of itself", spec("a: &a [*a]\n"), "yaml")
    yield Hostile("a tag of Python", spec("a: !!python/object/apply:os.system [ls]\n"), "yaml")
    yield Hostile(
        "the same key on every level", rule("{performed: x, performed: y, where: {a: 1, a: 2}}"), "duplicate-key"
    )
    yield Hostile("20,000 times the same key", spec("a: 1\n" * 20_000), DUPLICATE)


def sizes() -> Iterator[Hostile]:
    for path in ("people/big.yml", "catalog.yml", "destinations.yml", "audiences/big.yml", "static/big.csv", "big.yml"):
        yield Hostile(f"100 MB of {path}", holes(path), "too-large" if path != "big.yml" else "misplaced-file")
    yield Hostile("one line of 900 kB", rule("plan: [" + ", ".join(["pro"] * 150_000)), "too-large")
    yield Hostile("a text of 900 kB", rule("plann: '" + "x" * 900_000 + "'"), "unknown-attribute")
    yield Hostile("a key of 900 kB", rule("x" * 900_000 + ": 5"), "yaml")
    yield Hostile("an attribute of 1,000 letters", rule("x" * 1_000 + ": 5"), "unknown-attribute")
    yield Hostile("100,000 conditions", spec("entity: person\nwhere: [" + "{a: 1}, " * 100_000 + "]"), "too-large")
    yield Hostile("1500 broken conditions", spec(HEAD + "  - plann: 1\n" * 1500), "unknown-attribute")
    yield Hostile("1500 broken values", rule("plan: [" + "1, " * 1500 + "]"), "wrong-operand")


def encodings() -> Iterator[Hostile]:
    yield Hostile("UTF-16", spec(RULE.encode("utf-16")), "encoding")
    yield Hostile("UTF-16 without a mark", spec(RULE.encode("utf-16-le")), "encoding")
    yield Hostile("UTF-32", spec(RULE.encode("utf-32")), "encoding")
    yield Hostile("Latin-1", spec("name: Ö\n".encode("latin-1")), "encoding")
    yield Hostile("UTF-8 with a mark", spec(b"\xef\xbb\xbf" + RULE.encode()), None)
    yield Hostile("lone surrogates", spec("name: \ud800\n"), "encoding")
    yield Hostile("an escaped surrogate", spec('name: "\\ud800"\n'), "yaml")
    yield Hostile("NUL", spec(b"name: a\0b\n"), "encoding")
    yield Hostile("nothing but NUL", spec(b"\0" * 100_000), "encoding")
    yield Hostile("old line ends", spec(RULE.replace("\n", "\r").encode()), None)
    yield Hostile(
        "every line end there is", spec("entity: person\x85where:\u2028  plann: pro\u2029\r\n"), "unknown-attribute"
    )
    yield Hostile("noise", spec(bytes(range(256)) * 1_000), "encoding")
    yield Hostile("a direction override", rule("plan\u202e: pro"), "unknown-attribute")


def values() -> Iterator[Hostile]:
    numbers = ("1e999", "1e-999", "9" * 50, "9" * 10_000, "-" + "9" * 400, "0." + "3" * 5_000)
    yield Hostile("numbers out of range", rules(f"seats: {{at_least: {each}}}" for each in numbers), "number-range")
    yield Hostile(
        "numbers that are none", rules(f"seats: {each}" for each in (".inf", ".nan", "0x1f")), "wrong-operand"
    )
    dates = ("0000-01-01", "10000-01-01", "2026-13-01", "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00")
    yield Hostile("dates out of range", rules(f"born_at: {{after: '{each}'}}" for each in dates), "bad-date")
    yield Hostile("after the end of days", rule("born_at: {after: 9999-12-31}"), "bad-date")
    yield Hostile("up to the end of days", rule("born_at: {between: [0001-01-01, 9999-12-31]}"), None)
    lengths = ("999999 years", f"1{'0' * 30} days", "-5 days", "1e3 days")
    yield Hostile("lengths out of range", rules(f"born_at: {{in_last: {each}}}" for each in lengths), "bad-window")
    patterns = ("(a{1000}){1000}", "((((a{30}){30}){30}){30})", "(?<=x)y", "(?P<n>x)(?P=n)", "\\Z", "x**")
    yield Hostile("patterns", rules(f"plan: {{matches: '{each}'}}" for each in patterns), "bad-pattern")
    yield Hostile("10,000 parentheses", rule(f"plan: {{matches: '{deep('(', 'x', ')')}'}}"), "bad-pattern")
    yield Hostile("a pattern that runs away elsewhere", rule("plan: {matches: '(a+)+(a|aa)+$'}"), None)


def files() -> Iterator[Hostile]:
    yield Hostile("a folder", lambda specs: (specs / "people" / "folder.yml").mkdir(), "unreadable")
    yield Hostile("a folder for the catalog", lambda specs: replaced(specs / "catalog.yml").mkdir(), "unreadable")
    yield Hostile("a pipe", lambda specs: os.mkfifo(specs / "people" / "pipe.yml"), "unreadable")
    yield Hostile("a device", link("people/zero.yml", "/dev/zero"), "unreadable")
    yield Hostile("a link to itself", link("people/self.yml", "self.yml"), "unreadable")
    yield Hostile("a link to nothing", link("people/gone.yml", "nothing.yml"), "unreadable")
    yield Hostile("a folder in itself", link("people/loop", ".."), "unreadable")
    yield Hostile("a link out of the project", link("people/root", "/proc/self"), "unreadable")
    yield Hostile("a name that is no text", odd_name, "bad-key")
    yield Hostile("a pipe for a list", lambda specs: os.mkfifo(specs / "static" / "pipe.csv"), "unreadable")


def replaced(path: Path) -> Path:
    path.unlink()
    return path


def lists() -> Iterator[Hostile]:
    yield Hostile("a value of 1 MB", listed(b'person_id\n"' + b"x" * 1_000_000 + b'"\n'), "bad-list")
    yield Hostile("quotes and nothing else", listed(b'"' * 5_000_000), "bad-list")
    yield Hostile("commas and nothing else", listed(b"," * 5_000_000), "bad-list")
    yield Hostile("empty lines and nothing else", listed(b"\n" * 5_000_000), "too-large")
    yield Hostile("carriage returns", listed(b"person_id\rp1\r"), "bad-list")
    yield Hostile("NUL in a list", listed(b"person_id\np\x001\n"), "encoding")
    yield Hostile("200,000 uneven rows", listed(b"person_id\n" + b"a,b\n" * 200_000), "bad-list")
    yield Hostile("200,000 keys", listed(b"person_id\n" + b"".join(b"p%d\n" % n for n in range(200_000))), None)


def crowds() -> Iterator[Hostile]:
    yield Hostile("500 broken segments", many(500, lambda _: HEAD + "  - plann: pro\n"), "unknown-attribute")
    yield Hostile("500 unknown segments", many(500, lambda n: f"{HEAD}  - in_segment: x{n}\n"), "unknown-segment")
    yield Hostile("a circle of 500", many(500, lambda n: f"{HEAD}  - in_segment: s{(n + 1) % 500}\n"), "cycle")
    yield Hostile(
        "a chain of 5,000",
        many(5_000, lambda n: f"{HEAD}  - in_segment: s{n - 1}\n" if n else RULE),
        None,
    )

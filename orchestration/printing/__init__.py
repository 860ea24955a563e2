"""What people and programs read: tables and bars on a terminal, plain lines in a pipe, JSON when asked."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from io import TextIOWrapper
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from orchestration.compiler.fields import MAX_PROBLEMS
from orchestration.compiler.list_edits import ListEdit
from orchestration.compiler.problem import Problem, problem_to_annotation, render_problem
from orchestration.questions import Answer
from orchestration.warehouse import Value

# What a terminal obeys, and what turns the direction of writing; spelled as JSON does it.
_OBEYED = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SPELLED = {code: f"\\u{code:04x}" for code in _OBEYED if chr(code) not in "\n\t"}


def line(text: str) -> None:
    """Print text in which nothing is obeyed by a terminal, wherever it comes from."""
    _write(sys.stdout, f"{text.translate(_SPELLED)}\n")


def error(text: str) -> None:
    _write(sys.stderr, f"error: {text.translate(_SPELLED)}\n")


def notes(found: Iterable[str]) -> None:
    """What a command says beside its result, on standard error."""
    for note in found:
        _write(sys.stderr, f"note: {note.translate(_SPELLED)}\n")


def _write(stream: TextIO, text: str) -> None:
    """Write; when the reader has gone, as `head` does, the rest is written to nobody."""
    try:
        stream.write(text)
    except BrokenPipeError:
        _abandon(stream)


def _abandon(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextmanager
def streams() -> Iterator[None]:
    """Standard output and error that take any character and mind no reader who leaves early."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BrokenPipeError:
                _abandon(stream)


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral() else float(value)
    return str(value)


def json_(content: object) -> None:
    line(json.dumps(content, default=_plain, ensure_ascii=False, indent=2))


def problems(found: Sequence[Problem], *, as_json: bool) -> None:
    """Problems as text on standard error, or as JSON."""
    if as_json:
        json_({"problems": [_problem_record(problem) for problem in found]})
        return
    for problem in found:
        _write(sys.stderr, f"{render_problem(problem)}\n\n")
    if len(found) > 1:
        _write(sys.stderr, f"{_summary(found)}\n")


def _summary(found: Sequence[Problem]) -> str:
    counts = Counter(problem.severity for problem in found)
    said = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in sorted(counts.items())]
    files = len({problem.span.source.path for problem in found})
    more = "; there may be more" if len(found) >= MAX_PROBLEMS else ""
    return f"{' and '.join(said)} in {'one file' if files == 1 else f'{files} files'}{more}"


def github(found: Iterable[Problem], folder: str) -> None:
    """Problems as GitHub Actions shows them beside the lines of a pull request."""
    for problem in found:
        line(problem_to_annotation(problem, folder))


def _problem_record(problem: Problem) -> dict[str, object]:
    return {
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
        "file": problem.span.source.path,
        "line": problem.span.line,
        "column": problem.span.column,
        "length": problem.span.length,
        "help": problem.help,
        **({"notes": list(problem.notes)} if problem.notes else {}),
    }


def table(answer: Answer, *, as_json: bool, title: str = "") -> None:
    """A table on a terminal; columns parted by tabs in a pipe."""
    if as_json:
        json_(answer.records())
    elif sys.stdout.isatty():
        # as Text: what stands in square brackets is no style
        shown = Table(title=Text(title) if title else None)
        for name in answer.columns:
            shown.add_column(Text(name))
        for row in answer.rows:
            shown.add_row(*(Text(_cell(value).translate(_SPELLED)) for value in row))
        Console().print(shown)
    else:
        for row in (answer.columns, *answer.rows):
            line("\t".join(_cell(value) for value in row))


def _cell(value: Value) -> str:
    return "" if value is None else str(_plain(value)) if not isinstance(value, str) else value


def members(segment: str, day: date, count: int, keys: list[Value] | None, *, as_json: bool, source: str = "") -> None:
    """A segment's size, and its members when they were asked for; `source` says where they come from."""
    if as_json:
        content: dict[str, object] = {"segment": segment, "as_of": day, "count": count}
        content |= {"source": source} if source else {}
        json_(content if keys is None else {**content, "members": keys})
        return
    said = f" ({source})" if source else ""
    line(f"{segment} as of {day}: {count} member{'' if count == 1 else 's'}{said}")
    for key in keys or ():
        line(_cell(key))


def edited(word: str, segment: str, path: str, done: ListEdit, *, as_json: bool) -> None:
    """What an edit of a fixed list did, and what there was nothing to do for."""
    past, idle = {"add": ("added", "there already"), "remove": ("removed", "not in it")}[word]
    if as_json:
        json_({"segment": segment, "list": path, past: list(done.changed), "unchanged": list(done.unchanged)})
        return
    said = [f"{past} {', '.join(done.changed)}"] if done.changed else [f"nothing {past}"]
    said += [f"{idle}: {', '.join(done.unchanged)}"] if done.unchanged else []
    line(f"{path}: {'; '.join(said)}")


def counts(by: str, day: date, answer: Answer, *, as_json: bool) -> None:
    if as_json:
        json_({"by": by, "as_of": day, "counts": answer.records()})
    else:
        table(answer, as_json=False, title=f"by {by}, as of {day}")


CHANGES = {"add": "added", "change": "changed", "remove": "removed"}


def outcome_words(outcome: Mapping[str, Any]) -> str:
    """A push in one line."""
    figures = ", ".join(f"{outcome[name]} {name}" for name in ("added", "changed", "removed") if name in outcome)
    reason = f": {outcome['reason']}" if outcome.get("reason") else ""
    held = "".join(f", {count} held back by {by}" for by, count in (outcome.get("held_back") or {}).items())
    told = f"{outcome['audience']} as of {outcome['as_of']}: {outcome['status']}{reason} ({figures}{held})"
    return told + _refused_words(outcome.get("receipt")) + _recovered_words(outcome)


def _recovered_words(outcome: Mapping[str, Any]) -> str:
    """What became of a delivery that an earlier run had left, and this one finished before its own."""
    recovered = outcome.get("recovered")
    if not recovered:
        return ""
    return f"; before it, an earlier run's delivery was finished{_refused_words(recovered)}"


def _refused_words(receipt: Mapping[str, Any] | None) -> str:
    refused = len(receipt["refused"]) if receipt else 0
    return f", of which the destination refused {refused}" if refused else ""


def dry_run(told: Mapping[str, Any], *, as_json: bool) -> None:
    """What an export would do."""
    if as_json:
        json_(told)
        return
    line(f"{told['audience']} → {told['destination']} ({told['send']}) as of {told['as_of']}: nothing was written")
    if told["unfinished"]:
        line(f"first an earlier delivery of {told['unfinished']} rows would be finished")
    line("would " + ", ".join(f"{name} {told[past]}" for name, past in CHANGES.items()))
    line(f"members there: {told['before']} → {told['after']}")
    if told["variants"]:
        line("split: " + ", ".join(f"{variant} {count}" for variant, count in told["variants"].items()))
    for reason, count in told["held_back"].items():
        line(f"held back by {reason}: {count}")
    for name, keys in (told.get("keys") or told["examples"]).items():
        if keys:
            line(f"  {name}: {', '.join(keys)}{'' if 'keys' in told else ' (hashes of keys)'}")
    for destination, count in told["elsewhere"].items():
        line(f"{destination} still has {count} members from before the audience was sent to {told['destination']}")
    for reason in told["stops"]:
        line(f"would be stopped: {reason}")


def erasure(told: Mapping[str, Any], *, as_json: bool) -> None:
    """What an erasure did, and what is left to do."""
    if as_json:
        json_(told)
        return
    line(
        f"erased {told['entity']} {told['subject'][:12]}: "
        f"{sum(told['rows'].values())} rows of {len(told['rows'])} tables"
    )
    if not told["rows"] and not told["told"]:
        line("nothing was known of a subject of that key; look at how it is written, if something should have been")
    for said in told["told"]:
        line(f"removed from {said}")
    for said in told["left"]:
        line(f"left to do: {said}")


def pushed(outcomes: Iterable[Mapping[str, Any]]) -> None:
    """Pushes, one a line; those that could not be made at all among the errors."""
    for outcome in outcomes:
        if outcome["status"] == "failed":
            error(f"{outcome['audience']} was not delivered: {outcome['reason']}")
        else:
            line(outcome_words(outcome))


def status(content: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        json_(content)
        return
    days = content["days"]
    line(f"judged: {days['first']} to {days['last']}" if days["last"] else "judged: nothing yet")
    if days["unfinished"]:
        first, last = days["unfinished"][0], days["unfinished"][-1]
        line(f"unfinished: {len(days['unfinished'])} days, {first} to {last} (the next run does them first)")
    published = content["published"]
    line(_published(published) if published else "published: nothing yet")
    line(f"segments: {content['segments']}, audiences: {content['audiences']}")
    for delivery in content["deliveries"]:
        line("delivered: " + ", ".join(f"{name} {value}" for name, value in delivery.items()))
    for promise in content["freshness"]:
        line(f"{'late' if promise['late'] else 'in time'}: {promise['said']}")


def _published(told: Mapping[str, Any]) -> str:
    size = f"{told['tables']} tables, {told['rows']} rows"
    return f"published: as of {told['as_of']} (version {told['version']}, {size}) in {told['duckdb']}"


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _label, _done, _total: None
        return
    columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(label: str, done: int, total: int) -> None:
            bar.update(task, description=label, completed=done, total=total)

        yield show

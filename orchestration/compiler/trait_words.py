"""What traits and measures are called: words, and the names made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from orchestration.compiler.catalog import Attribute, EventRows, Link, Rows
from orchestration.compiler.names import slug
from orchestration.compiler.segment import Rule
from orchestration.compiler.trait import (
    AttributeTrait,
    BeforeTrait,
    EndTrait,
    HeldTrait,
    ListTrait,
    Measure,
    MeasureTrait,
    MoveTrait,
    PeriodsTrait,
    PlacesTrait,
    PlaceTrait,
    ReturnTrait,
    RowsTrait,
    SequenceTrait,
    Total,
    Trait,
)
from orchestration.compiler.window import DayWindow, Window
from orchestration.compiler.words import (
    condition_to_words,
    names_to_words,
    rule_to_words,
    steps_to_words,
    test_to_words,
    windows_to_words,
)


def trait_name(trait: Trait) -> str:
    """The name wanted for a trait's column."""
    if isinstance(trait, AttributeTrait) and not trait.as_day:
        return trait.attribute.name
    return slug(trait_to_words(trait))


def measure_name(measure: Measure) -> str:
    phrases = [names_to_words(measure.names), *_where(measure.where)]
    if measure.attribute:
        phrases.append(f"with {measure.attribute.name}")
    return slug(*phrases)


def _where(where: Rule | None) -> tuple[str, ...]:
    return (f"where {rule_to_words(where)}",) if where else ()


def trait_to_words(trait: Trait) -> str:
    """What the trait's column holds, in words; its name is made of them."""
    match trait:
        case AttributeTrait(attribute, as_day):
            return f"{attribute.name} day" if as_day else attribute.name
        case ReturnTrait(attribute, window):
            return f"{attribute.name} returns{windows_to_words([window])}"
        case HeldTrait(condition):
            return condition_to_words(condition)
        case MeasureTrait(measure, total, windows):
            return _total(names_to_words(measure.names), measure.where, windows, total, measure.attribute)
        case RowsTrait(source, _, names, where, windows, total, attribute):
            return _total(_source(source, names), where, windows, total, attribute)
        case EndTrait():
            return _end(trait)
        case PeriodsTrait(measure, _, periods, times, failing):
            said = " and ".join(test_to_words(test, each.negated) for each in times for test in each.tests)
            of = " ".join([names_to_words(measure.names), *_where(measure.where)])
            first = windows_to_words([DayWindow(periods[-1].first, periods[0].last)])
            return f"{of} periods {'not ' if failing else ''}met of {len(periods)}{first} that {said}"
        case SequenceTrait(_, steps, windows):
            return f"{steps_to_words(steps)}{windows_to_words(windows)}"
        case MoveTrait(segment, move, windows):
            return f"{move.replace('_', ' ')} {segment}{windows_to_words(windows)}"
        case BeforeTrait(segment):
            return f"in {segment} the day before"
        case ListTrait(path):
            return f"in {path.removesuffix('.csv').replace('/', ' ')}"
        case PlaceTrait(of, side, within):
            return f"{trait_to_words(of)} place from {side}{_within(within)}"
        case PlacesTrait(of, within):
            return f"{trait_to_words(of)} places{_within(within)}"
        case _:
            assert_never(trait)


def _within(within: Attribute | None) -> str:
    return f" within {within.name}" if within else ""


def _source(source: Rows | Link, names: tuple[str, ...] | None) -> str:
    return names_to_words(names) if isinstance(source, EventRows) else source.name


def _total(name: str, where: Rule | None, windows: Sequence[Window], total: Total, attribute: Attribute | None) -> str:
    of = f" of {attribute.name}" if attribute else ""
    return " ".join([f"{name} {total}{of}{windows_to_words(windows)}", *_where(where)])


def _end(trait: EndTrait) -> str:
    chosen = " ".join([trait.end, _source(trait.source, trait.names), *_where(trait.where)])
    dated = "".join(f" {test_to_words(test, False)}" for test in trait.tests)
    return f"{chosen}{windows_to_words(trait.windows)}{dated} having {rule_to_words(trait.having)}"

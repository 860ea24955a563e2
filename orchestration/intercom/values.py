"""The values of a filter, each as the kind of its field wants it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from orchestration.intercom.document import Json, found_instead
from orchestration.intercom.fault import Told

T = TypeVar("T")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS = 10**11
_WHOLE = re.compile(r"-?\d{1,18}\Z", re.ASCII)
_NUMERAL = re.compile(r"-?\d{1,18}(\.\d{1,9})?\Z", re.ASCII)


def to_list(value: Json, path: str, read: Callable[[Json, str], T | None], told: Told) -> list[T] | None:
    """The values of an array; None where one of them or the array itself is wrong, which is told."""
    if not isinstance(value, list):
        told.fault(path, f"IN and NIN take an array, and {found_instead(value)}", "write `[…]`, or use `=` or `!=`")
        return None
    if not value:
        told.fault(path, "an empty array holds nothing to compare with", "name a value, or take the filter out")
        return None
    found = [read(item, f"{path}[{number}]") for number, item in enumerate(value)]
    return None if None in found else [each for each in found if each is not None]


def to_text(value: Json, path: str, told: Told) -> str | None:
    if isinstance(value, str):
        return value
    told.fault(
        path, f"expected a text, and {found_instead(value)}", 'quote it, as in `"123"`, or map another attribute'
    )
    return None


def to_number(value: Json, path: str, told: Told) -> Decimal | None:
    """A number; Intercom takes it quoted too."""
    if isinstance(value, Decimal | str) and _NUMERAL.match(str(value) if isinstance(value, str) else f"{value:f}"):
        return Decimal(value)
    remedy = "write a number of at most 18 digits and 9 decimals"
    told.fault(path, f"expected a number, and {found_instead(value)}", remedy)
    return None


def to_boolean(value: Json, path: str, told: Told) -> bool | None:
    if isinstance(value, bool):
        return value
    told.fault(path, f"expected true or false, and {found_instead(value)}", "write `true` or `false`, without quotes")
    return None


def to_day(value: Json, path: str, zone: ZoneInfo, told: Told) -> date | None:
    """The local day of a UNIX timestamp, in seconds."""
    said = f"{value:f}" if isinstance(value, Decimal) else value
    seconds = int(said) if isinstance(said, str) and _WHOLE.match(said) else None
    if seconds is None:
        reason = f"expected a UNIX timestamp in seconds, and {found_instead(value)}"
        told.fault(path, reason, "write whole seconds since 1970-01-01, as in 1577836800")
        return None
    try:
        moment = (EPOCH + timedelta(seconds=seconds)).astimezone(zone)
        midnight(moment.date() + timedelta(days=1), zone)
    except OverflowError:
        remedy = "Intercom takes seconds, and these look like milliseconds: divide by 1,000"
        plain = "dates go from the year 1 to 9999"
        told.fault(path, f"{seconds} seconds lead to no date", remedy if seconds > MILLISECONDS else plain)
        return None
    if seconds > MILLISECONDS:
        told.note(f"{path} lies in the year {moment.year}: Intercom takes seconds, not milliseconds")
    return moment.date()


def midnight(day: date, zone: ZoneInfo) -> str:
    """When a local day begins, in UTC, as rules write it. Raises OverflowError."""
    begins = datetime.combine(day, time(), zone).astimezone(UTC)
    return begins.strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0")

"""Where audiences can go: the types of destinations, what each has to be told, and `destinations.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import NamedTuple, TypeAlias, assert_never
from urllib.parse import urlsplit

from orchestration.compiler.fields import Fields, Report, as_choice, as_text, error, source_to_node
from orchestration.compiler.problem import SourceFile, Span
from orchestration.compiler.source import Entry, Mapping, Node, Scalar

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
LOOPBACK = ("localhost", "127.0.0.1", "::1")

Told: TypeAlias = "str | int | dict[str, str]"


class Kind(StrEnum):
    """How a setting is written. What is hidden is only named: `{env: NAME}`."""

    TEXT = "text"
    COUNT = "count"
    CHOICE = "choice"
    ADDRESS = "address"
    HIDDEN = "hidden"


class Setting(NamedTuple):
    """Something that a type of destination has to be told, or can be."""

    name: str
    said: str
    kind: Kind = Kind.TEXT
    required: bool = True
    default: str | int | None = None
    choices: tuple[str, ...] = ()


class DestinationType(NamedTuple):
    """A type of destination: its settings, and what an audience may say of its place there under `into`.

    Of the settings in `one_of` exactly one has to be there.
    """

    said: str
    settings: tuple[Setting, ...]
    into: tuple[Setting, ...] = ()
    one_of: tuple[str, ...] = ()


def _optional(name: str, said: str, default: str | int | None = None, kind: Kind = Kind.TEXT) -> Setting:
    return Setting(name, said, kind, required=False, default=default)


def _choice(name: str, said: str, *choices: str) -> Setting:
    return Setting(name, said, Kind.CHOICE, required=False, default=choices[0], choices=choices)


FILES = (
    _choice("format", "How files are written.", "csv", "jsonl", "parquet"),
    _choice("compression", "Whether files are packed.", "none", "gzip"),
    _choice("formulas", "What happens to cells that a spreadsheet would take for formulas.", "keep", "neutralise"),
    _choice("identifiers", "As whom people are named: hashed as a receiver wants it.", "as_they_are", "google", "meta"),
    _optional("phone_region", "The country of phone numbers that name none, as in `US`."),
)
ENDPOINT = _optional("endpoint", "Another address than the vendor's own.", kind=Kind.ADDRESS)

TYPES: dict[str, DestinationType] = {
    "folder": DestinationType(
        "A folder of files.", (Setting("path", "Relative to the project's .muster folder."), *FILES)
    ),
    "sftp": DestinationType(
        "A folder on an SFTP server.",
        (
            Setting("host", "The server's name."),
            _optional("port", "The server's port; 22 by default.", 22, Kind.COUNT),
            Setting("username", "Whom to log in as."),
            Setting("path", "The folder there."),
            Setting("host_key", "The server's public key, as in `ssh-ed25519 AAAA…`: no other server is taken for it."),
            _optional("private_key", "The key to log in with, in PEM.", kind=Kind.HIDDEN),
            _optional("password", "The password to log in with.", kind=Kind.HIDDEN),
            *FILES,
        ),
        one_of=("private_key", "password"),
    ),
    "s3": DestinationType(
        "A bucket of S3, or of a server that speaks it.",
        (
            Setting("bucket", "The bucket's name."),
            _optional("path", "The prefix in the bucket.", ""),
            _optional("region", "The bucket's region; us-east-1 by default.", "us-east-1"),
            ENDPOINT,
            Setting("access_key_id", "The key's name.", Kind.HIDDEN),
            Setting("secret_access_key", "The key itself.", Kind.HIDDEN),
            *FILES,
        ),
    ),
    "intercom": DestinationType(
        "Intercom: members carry a tag.",
        (
            Setting("token", "The app's access token.", Kind.HIDDEN),
            _choice("region", "Where the workspace is hosted.", "us", "eu", "au"),
            ENDPOINT,
        ),
        into=(_optional("tag", "The tag's name; by default the audience's key."),),
    ),
    "klaviyo": DestinationType(
        "Klaviyo: members are on a list.",
        (Setting("api_key", "The account's private key.", Kind.HIDDEN), ENDPOINT),
        into=(Setting("list", "The list's id."),),
    ),
    "sendgrid": DestinationType(
        "SendGrid: members are on a list.",
        (
            Setting("api_key", "The account's key.", Kind.HIDDEN),
            _choice("region", "Where the account is hosted.", "global", "eu"),
            ENDPOINT,
        ),
        into=(
            Setting("list", "The list's id."),
            _optional("variant", "The id of the custom field that holds the variant, as in `e1_T`."),
        ),
    ),
    "webhook": DestinationType(
        "Signed calls: somebody entered, changed or left.",
        (
            Setting("url", "Whom to call.", Kind.ADDRESS),
            Setting("secret", "What calls are signed with.", Kind.HIDDEN),
            _optional("events_per_call", "How many events a call may tell; 1 by default.", 1, Kind.COUNT),
        ),
    ),
}


@dataclass(frozen=True)
class DestinationSpec:
    """A place for audiences: its type, and the settings that its module reads."""

    name: str
    type: str
    settings: tuple[tuple[str, Told], ...]


def source_to_destinations(source: SourceFile, report: Report) -> dict[str, DestinationSpec]:
    """What `destinations.yml` names, as far as it can be read."""
    fields = report.attempt(lambda: Fields(source_to_node(source, report), "destinations", report))
    found = (report.attempt(partial(_destination, entry, report)) for entry in (fields.left.values() if fields else ()))
    return {each.name: each for each in found if each}


def _destination(entry: Entry, report: Report) -> DestinationSpec:
    fields = Fields(entry.value, f"destination `{entry.name}`", report)
    type_ = fields.read("type", partial(as_choice, choices=TYPES), "") if "type" in fields.given else "folder"
    if not type_:
        return DestinationSpec(entry.name, "", ())
    known = TYPES[type_]
    settings = read_settings(fields, known.settings)
    _check_one_of(fields, known.one_of, report)
    fields.close()
    return DestinationSpec(entry.name, type_, settings)


def read_settings(fields: Fields, known: tuple[Setting, ...]) -> tuple[tuple[str, Told], ...]:
    """The settings that are given, and the defaults of the others."""
    return tuple(_read_settings(fields, known))


def _read_settings(fields: Fields, known: tuple[Setting, ...]) -> Iterator[tuple[str, Told]]:
    for setting in known:
        read = partial(_told, setting=setting)
        if setting.required:
            told = fields.read_required(setting.name, read, None)
        else:
            told = fields.read(setting.name, read, setting.default)
        if told is not None:
            yield setting.name, told


def _told(node: Node, setting: Setting) -> Told:
    match setting.kind:
        case Kind.TEXT:
            return as_text(node)
        case Kind.COUNT:
            return _count(node)
        case Kind.CHOICE:
            return as_choice(node, setting.choices)
        case Kind.ADDRESS:
            return _address(node)
        case Kind.HIDDEN:
            return _secret(node, setting.name)
        case _:
            assert_never(setting.kind)


def _count(node: Node) -> int:
    if isinstance(node, Scalar) and re.fullmatch(r"[1-9]\d{0,6}", node.text):
        return int(node.text)
    raise error("not-a-number", "expected a whole number above zero", node.span, "as in `22`")


def _address(node: Node) -> str:
    """An address that nobody on the way can read along."""
    text = as_text(node)
    parts = urlsplit(text)
    if "@" in parts.netloc:
        message = "an address names no user and no password, which no file holds"
        raise error("written-secret", message, _masked(node), "take what stands before the `@` out")
    if not parts.hostname or (parts.scheme != "https" and parts.hostname not in LOOPBACK):
        help_ = "begin it with `https://`; only on this machine itself `http://` will do"
        raise error("bad-address", f"`{text}` is no address that may be called", node.span, help_)
    return text


def _secret(node: Node, name: str) -> dict[str, str]:
    help_ = f"name an environment variable: `{name}: {{env: NAME}}`"
    if isinstance(node, Scalar):
        raise error("written-secret", f"`{name}` is a secret, which no file holds", _masked(node), help_)
    variable = node.entries[0].value if isinstance(node, Mapping) and len(node.entries) == 1 else None
    if not isinstance(node, Mapping) or variable is None or node.entries[0].name != "env":
        raise error("written-secret", f"`{name}` names no environment variable", _masked(node), help_)
    text = as_text(variable)
    if not VARIABLE.match(text):
        raise error("written-secret", "this is not the name of an environment variable", _masked(variable), help_)
    return {"env": text}


def _masked(node: Node) -> Span:
    """The place of a secret, in a text that does not show it: problems are printed, also where others read."""
    span = node.span
    lines = list(span.source.lines)
    line = lines[span.line - 1]
    lines[span.line - 1] = line[: span.column - 1] + "*" * 8
    hidden = replace(span.source, text="\n".join(lines))
    return Span(hidden, span.line, span.column, 8)


def _check_one_of(fields: Fields, names: tuple[str, ...], report: Report) -> None:
    given = [name for name in names if name in fields.given]
    if names and not given:
        report.error("missing-field", f"{fields.what} has none of {_listed(names)}", fields.span, "add one of them")
    elif len(given) > 1:
        where = fields.given[given[1]].key.span
        report.error("unknown-field", f"{fields.what} has both {_listed(names)}", where, "remove one of the two")


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names)

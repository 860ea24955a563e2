"""What Intercom can search contacts by, and which operators each kind of field takes (its API, version 2.14)."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from orchestration.compiler.catalog import Type

CUSTOM = "custom_attributes."


class Kind(StrEnum):
    """What a field holds; tags and segments are told by their ids."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TAG = "tag"
    SEGMENT = "segment"
    DOMAIN = "domain of an e-mail address"


OPERATORS: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("=", "!=", "IN", "NIN", "~", "!~", "^", "$"),
    Kind.NUMBER: ("=", "!=", "IN", "NIN", "<", ">", "<=", ">="),
    Kind.BOOLEAN: ("=", "!=", "IN", "NIN"),
    Kind.DATE: ("=", "<", ">"),
    Kind.TAG: ("=", "!="),
    Kind.SEGMENT: ("=", "!=", "IN", "NIN"),
    Kind.DOMAIN: ("=", "!=", "IN", "NIN"),
}
ALL_OPERATORS = tuple(dict.fromkeys(operator for some in OPERATORS.values() for operator in some))

_TEXTS = (
    *("id", "role", "name", "avatar", "email", "phone", "external_id", "language_override"),
    *("browser", "browser_language", "os", "location.country", "location.region", "location.city"),
    *("ios_app_version", "ios_device", "ios_app_device", "ios_os_version", "ios_app_name", "ios_sdk_version"),
    *("android_app_version", "android_device", "android_app_name", "andoid_sdk_version", "android_sdk_version"),
)
_DATES = (
    *("created_at", "signed_up_at", "updated_at", "last_seen_at", "last_contacted_at", "last_replied_at"),
    *("last_email_opened_at", "last_email_clicked_at", "ios_last_seen_at", "android_last_seen_at"),
)
FIELDS: dict[str, Kind] = {
    **dict.fromkeys(_TEXTS, Kind.TEXT),
    **dict.fromkeys(_DATES, Kind.DATE),
    "owner_id": Kind.NUMBER,
    "unsubscribed_from_emails": Kind.BOOLEAN,
    "marked_email_as_spam": Kind.BOOLEAN,
    "has_hard_bounced": Kind.BOOLEAN,
    "email_domain": Kind.DOMAIN,
    "tag_id": Kind.TAG,
    "segment_id": Kind.SEGMENT,
}


def type_to_kind(kind: Type) -> Kind:
    """How Intercom would hold an attribute of this type; lists are tags there."""
    match kind:
        case Type.TEXT:
            return Kind.TEXT
        case Type.INTEGER | Type.NUMBER | Type.FLOAT:
            return Kind.NUMBER
        case Type.BOOLEAN:
            return Kind.BOOLEAN
        case Type.DATE | Type.TIMESTAMP:
            return Kind.DATE
        case Type.LIST:
            return Kind.TAG
        case _:
            assert_never(kind)

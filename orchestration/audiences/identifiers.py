"""Identifiers as a receiver compares them: brought into the form it publishes, then hashed.

What a column holds is told by its name; columns of other names, and booleans, stay as they are. Sources:
"Format user data" of Google's Data Manager API, "Customer information parameters" of Meta's Conversions API.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import phonenumbers

from orchestration.audiences.errors import DestinationError
from orchestration.audiences.values import Json

GOOGLES_MAIL = ("gmail.com", "googlemail.com")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
TITLE = re.compile(r"\b(?:mr|mrs|ms|dr)\.(?=\s|$)")
SUFFIX = re.compile(r"(?:\s*,\s*|\s+|^)(?:jr|sr|2nd|3rd|ii|iii|iv|v|vi|cpa|dc|dds|vm|jd|md|phd)\.?$")


class Scheme(StrEnum):
    """Whose form identifiers are given."""

    AS_THEY_ARE = "as_they_are"
    GOOGLE = "google"
    META = "meta"


class Kind(StrEnum):
    """What is known about a person by the name of its column."""

    MAIL = "mail"
    PHONE = "phone"
    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    PLACE = "place"
    POSTCODE = "postcode"
    COUNTRY = "country"
    GENDER = "gender"
    BIRTH = "birth"


# Whole names, or the end of one after an underscore.
ENDINGS = {
    "email": Kind.MAIL,
    "email_address": Kind.MAIL,
    "phone": Kind.PHONE,
    "phone_number": Kind.PHONE,
    "mobile": Kind.PHONE,
    "mobile_number": Kind.PHONE,
    "first_name": Kind.GIVEN_NAME,
    "given_name": Kind.GIVEN_NAME,
    "last_name": Kind.FAMILY_NAME,
    "family_name": Kind.FAMILY_NAME,
    "surname": Kind.FAMILY_NAME,
    "date_of_birth": Kind.BIRTH,
}
# Whole names only: a `subscription_state` is no place.
NAMES = {
    "city": Kind.PLACE,
    "state": Kind.PLACE,
    "zip": Kind.POSTCODE,
    "zip_code": Kind.POSTCODE,
    "postcode": Kind.POSTCODE,
    "postal_code": Kind.POSTCODE,
    "country": Kind.COUNTRY,
    "country_code": Kind.COUNTRY,
    "gender": Kind.GENDER,
    "birth_date": Kind.BIRTH,
}
Rule = Callable[[str, str | None], str]


@lru_cache
def kind_of(column: str) -> Kind | None:
    """What a column holds by its name, null for anything else."""
    name = column.lower()
    ended = (kind for ending, kind in ENDINGS.items() if name == ending or name.endswith(f"_{ending}"))
    return NAMES.get(name) or next(ended, None)


@dataclass(frozen=True)
class Convention:
    """How one destination wants identifiers. `region` is the country, in two letters, of phones that name none."""

    scheme: Scheme = Scheme.AS_THEY_ARE
    region: str | None = None

    @property
    def hashes(self) -> bool:
        """Whether anything is hashed."""
        return self.scheme is not Scheme.AS_THEY_ARE

    def concerns(self, column: str) -> bool:
        """Whether a column's values are brought into a form and hashed."""
        return self._rule(column) is not None

    def normalised(self, column: str, value: Json) -> Json:
        """A value as the receiver compares it, in clear; null where it cannot be brought into that form."""
        rule = self._rule(column)
        if rule is None or isinstance(value, bool):
            return value
        return rule(str(value), self.region) or None if isinstance(value, str | int) else None

    def hashed(self, column: str, normalised: Json) -> Json:
        """A normalised value as it is sent: the SHA-256 of its UTF-8 in lower-case hexadecimal digits."""
        if not self.concerns(column) or not isinstance(normalised, str):
            return normalised
        return hashlib.sha256(normalised.encode()).hexdigest()

    def sent(self, column: str, value: Json) -> Json:
        """A value normalised and hashed."""
        return self.hashed(column, self.normalised(column, value))

    def _rule(self, column: str) -> Rule | None:
        kind = kind_of(column)
        return RULES[self.scheme].get(kind) if kind else None


AS_THEY_ARE = Convention()


def settings_to_convention(name: str, settings: Mapping[str, Any]) -> Convention:
    """The convention that the settings of destination `name` ask for. Raises DestinationError."""
    scheme, region = settings.get("identifiers", Scheme.AS_THEY_ARE), settings.get("phone_region")
    if scheme not in [*Scheme]:
        raise DestinationError(
            f"destination {name}: identifiers {scheme!r} is unknown", f"write one of {', '.join(Scheme)}"
        )
    if scheme == Scheme.AS_THEY_ARE:
        return AS_THEY_ARE
    if region is not None and str(region).upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise DestinationError(
            f"destination {name}: there are no phone numbers of region {region!r}",
            "write a country's two letters, such as `phone_region: IE`",
        )
    return Convention(Scheme(scheme), str(region).upper() if region else None)


def _google_mail(value: str, _region: str | None) -> str:
    """Lower case, no white space anywhere; at Google's own domains no dots before the @ and nothing from a plus on."""
    address = re.sub(r"\s", "", value).lower()
    name, _, domain = address.rpartition("@")
    if domain in GOOGLES_MAIL:
        address = f"{name.split('+')[0].replace('.', '')}@{domain}"
    return _address(address)


def _meta_mail(value: str, _region: str | None) -> str:
    """Trimmed, lower case."""
    return _address(value.strip().lower())


def _address(text: str) -> str:
    return text if ADDRESS.fullmatch(text) else ""


def _google_phone(value: str, region: str | None) -> str:
    """E.164 with its plus."""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _meta_phone(value: str, region: str | None) -> str:
    """The country's code and the number, only digits."""
    return _google_phone(value, region).removeprefix("+")


def _google_given_name(value: str, _region: str | None) -> str:
    """Trimmed, lower case, without a title."""
    return TITLE.sub("", value.lower()).strip()


def _google_family_name(value: str, _region: str | None) -> str:
    """Trimmed, lower case, without what is written after a name."""
    name, shorter = value.lower().strip(), ""
    while name != shorter:
        name, shorter = SUFFIX.sub("", name).strip(), name
    return name


def _meta_name(value: str, _region: str | None) -> str:
    """Trimmed, lower case, without punctuation."""
    return re.sub(r"[^\w\s]|_", "", value.lower()).strip()


def _meta_place(value: str, _region: str | None) -> str:
    """Lower case, letters and digits only."""
    return re.sub(r"[\W_]", "", value.lower())


def _meta_postcode(value: str, region: str | None) -> str:
    """Lower case, without spaces and dashes; in the United States the first five digits."""
    code = _meta_place(value, region)
    return code[:5] if region == "US" else code


def _meta_gender(value: str, _region: str | None) -> str:
    """`f` or `m`."""
    initial = value.strip().lower()[:1]
    return initial if initial in ("f", "m") else ""


def _meta_birth(value: str, _region: str | None) -> str:
    """Year, month and day as eight digits."""
    digits = re.sub(r"\D", "", value)
    return digits if len(digits) == 8 else ""


def _meta_country(value: str, _region: str | None) -> str:
    """The two letters of ISO 3166-1, lower case."""
    code = value.strip().lower()
    return code if re.fullmatch(r"[a-z]{2}", code) else ""


RULES: Mapping[Scheme, Mapping[Kind, Rule]] = {
    Scheme.AS_THEY_ARE: {},
    # Google takes places, postal codes and countries in clear.
    Scheme.GOOGLE: {
        Kind.MAIL: _google_mail,
        Kind.PHONE: _google_phone,
        Kind.GIVEN_NAME: _google_given_name,
        Kind.FAMILY_NAME: _google_family_name,
    },
    Scheme.META: {
        Kind.MAIL: _meta_mail,
        Kind.PHONE: _meta_phone,
        Kind.GIVEN_NAME: _meta_name,
        Kind.FAMILY_NAME: _meta_name,
        Kind.PLACE: _meta_place,
        Kind.POSTCODE: _meta_postcode,
        Kind.COUNTRY: _meta_country,
        Kind.GENDER: _meta_gender,
        Kind.BIRTH: _meta_birth,
    },
}

"""What a filter is about: the attribute, tag or segment of ours that a field of Intercom's stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from orchestration.compiler.catalog import Attribute, Catalog, Entity, Link, Type
from orchestration.compiler.fields import error
from orchestration.compiler.problem import closest, nearest
from orchestration.intercom.document import below
from orchestration.intercom.fault import Told
from orchestration.intercom.fields import CUSTOM, FIELDS, Kind, type_to_kind
from orchestration.intercom.mapping import Renaming
from orchestration.intercom.query import Filter

DOMAIN_OF = "email"
TAGS = "tags"


class Subject(NamedTuple):
    """An attribute as rules name it; `attached` ones are of another entity, through a relation.

    `names` gives our values by Intercom's where they differ.
    """

    name: str
    kind: Kind
    type: Type
    attached: bool = False
    names: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Subjects:
    """The entity's attributes, by the names that Intercom has for them."""

    catalog: Catalog
    entity: Entity
    renaming: Renaming
    told: Told

    def find(self, asked: Filter) -> Subject | None:
        """What a filter is about; None where that is not known, which is told. Raises Problems of the mapping file."""
        kind = FIELDS.get(asked.field)
        if kind is Kind.SEGMENT:
            return Subject("in_segment", kind, Type.LIST, names=self.renaming.segments)
        found = self._named(asked)
        if found is None:
            return None
        name, attribute = found
        held = type_to_kind(attribute.type)
        if kind is Kind.DOMAIN and held is Kind.TEXT and name == DOMAIN_OF:
            self.told.note("`email_domain` is told from `email`")
            held = kind
        elif kind is Kind.DOMAIN and held is Kind.TEXT:
            kind = held
        if kind not in (None, held):
            reason = f"Intercom's `{asked.field}` is a {kind}, and `{name}` has the type {attribute.type}"
            self.told.fault(below(asked.path, "field"), reason, self._line(asked.field, "…"))
            return None
        names = self.renaming.tags if kind is Kind.TAG else self.renaming.values.get(asked.field)
        return Subject(name, held, attribute.type, "." in name, names)

    def _named(self, asked: Filter) -> tuple[str, Attribute] | None:
        """The attribute that the mapping names, or one of the very same name."""
        if asked.field in self.renaming.fields:
            return self._mapped(asked)
        if asked.field not in FIELDS and not asked.field.startswith(CUSTOM):
            reason = f"Intercom's description of contact search has no field `{asked.field}`"
            self.told.fault(below(asked.path, "field"), reason, self._unknown(asked.field))
            return None
        name = asked.field.removeprefix(CUSTOM)
        same = {"tag_id": TAGS, "email_domain": "email_domain" if self._has("email_domain") else DOMAIN_OF}
        name = same.get(name, name)
        if not self._has(name):
            reason = f"the catalog has no attribute `{name}` of a {self.entity.name}"
            self.told.fault(below(asked.path, "field"), reason, self._unknown(asked.field))
            return None
        return name, self.entity.attributes[name]

    def _has(self, name: str) -> bool:
        return name in self.entity.attributes

    def _mapped(self, asked: Filter) -> tuple[str, Attribute]:
        written = self.renaming.fields[asked.field]
        attributes = self._attributes(written.text)
        if written.text not in attributes:
            message = f"a {self.entity.name} has no attribute `{written.text}`"
            raise error("unknown-attribute", message, written.span, nearest(written.text, attributes))
        self.told.note(f"`{asked.field}` is read as `{written.text}`")
        return written.text, attributes[written.text]

    def _attributes(self, name: str) -> Mapping[str, Attribute]:
        """The attributes among which a name is: the entity's own, or those of the relation before the dot."""
        relation = name.partition(".")[0]
        link = self.entity.relations.get(relation) if "." in name else None
        if not isinstance(link, Link):
            return self.entity.attributes
        found = self.catalog.entities[link.entity].attributes
        return {f"{relation}.{attribute.name}": attribute for attribute in found.values()}

    def _unknown(self, field: str) -> str:
        """The line that the mapping lacks; an attribute of a similar name is only proposed."""
        said = field.removeprefix(CUSTOM)
        close = next(
            filter(None, (closest(each, self.entity.attributes) for each in (said.split(".")[-1], said))), None
        )
        line = self._line(field, close or "…")
        return f"{line}, if that is the same" if close else line

    def _line(self, field: str, name: str) -> str:
        return f"name an attribute in the mapping file (--attributes), under `fields:`, as in `{field}: {name}`"

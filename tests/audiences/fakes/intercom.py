"""Intercom as far as an audience meets it: its tags do not tell capitals apart, and its searches come in pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.audiences.fakes.serving import Request, Response

PAGE = 150


@dataclass
class Contact:
    id: str
    email: str | None = None
    external_id: str | None = None
    role: str = "user"
    tags: set[str] = field(default_factory=set)
    told: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)


def error(status: int, code: str, message: str = "") -> Response:
    return Response(status, {"type": "error.list", "request_id": "r", "errors": [{"code": code, "message": message}]})


@dataclass
class Intercom:
    """`attributes` are the workspace's custom attributes; who is in `gone` is found, but vanishes before changing."""

    contacts: list[Contact]
    token: str = "tok"
    attributes: frozenset[str] = frozenset({"plan"})
    tags: dict[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    page: int = PAGE

    def state(self) -> object:
        named = {number: name for name, number in self.tags.items()}
        return [
            (each.id, sorted(named[tag] for tag in each.tags), each.told, each.custom)
            for each in sorted(self.contacts, key=lambda each: each.id)
        ]

    def answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return error(401, "unauthorized")
        if request.headers.get("intercom-version") != "2.14":
            return error(400, "intercom_version_invalid")
        match request.method, request.parts:
            case "GET", ["tags"]:
                return Response(200, {"type": "list", "data": [self._tag(name) for name in self.tags]})
            case "POST", ["tags"]:
                return self._tag_all(request.json["name"], [user["id"] for user in request.json["users"]])
            case "POST", ["contacts", "search"]:
                return self._search(request.json)
            case "PUT", ["contacts", contact]:
                return self._update(contact, request.json)
            case "DELETE", ["contacts", contact, "tags", tag]:
                return self._untag(contact, tag)
        return error(404, "not_found")

    def _tag(self, name: str) -> dict[str, str]:
        return {"type": "tag", "id": self.tags[name], "name": name}

    def _found(self, number: str) -> Contact | None:
        return next((each for each in self.contacts if each.id == number and number not in self.gone), None)

    def _tag_all(self, name: str, numbers: list[str]) -> Response:
        found = [self._found(number) for number in numbers]
        if None in found:
            return error(404, "user_not_found", "User Not Found")
        known = {each.casefold(): each for each in self.tags}
        name = known.get(name.casefold(), name)
        number = self.tags.setdefault(name, str(100 + len(self.tags)))
        for contact in found:
            assert contact is not None
            contact.tags.add(number)
        return Response(200, self._tag(name))

    def _untag(self, number: str, tag: str) -> Response:
        contact = self._found(number)
        if contact is None or tag not in contact.tags:
            return error(404, "not_found", "Resource Not Found")
        contact.tags.discard(tag)
        return Response(200, {"type": "tag", "id": tag})

    def _update(self, number: str, told: dict[str, Any]) -> Response:
        contact = self._found(number)
        if contact is None:
            return error(404, "not_found", "User Not Found")
        custom = told.pop("custom_attributes", {})
        if unknown := [name for name in custom if name not in self.attributes]:
            return error(400, "parameter_invalid", f"Custom attribute '{unknown[0]}' does not exist")
        contact.told.update(told)
        contact.custom.update(custom)
        return Response(200, {"type": "contact", "id": number})

    def _search(self, asked: dict[str, Any]) -> Response:
        query, paging = asked["query"], asked.get("pagination", {})
        found = [self._shown(each) for each in self._matching(query["field"], query["operator"], query["value"])]
        start, size = int(paging.get("starting_after") or 0), min(paging.get("per_page", 50), self.page)
        pages: dict[str, Any] = {"type": "pages", "per_page": size}
        if start + size < len(found):
            pages["next"] = {"per_page": size, "starting_after": str(start + size)}
        told = {"type": "list", "data": found[start : start + size], "total_count": len(found), "pages": pages}
        return Response(200, told)

    def _matching(self, name: str, operator: str, values: list[str]) -> Iterator[Contact]:
        assert operator == "IN"
        wanted = {value.casefold() for value in values}
        for contact in self.contacts:
            held = getattr(contact, name)
            if held is not None and held.casefold() in wanted:
                yield contact

    def _shown(self, contact: Contact) -> dict[str, Any]:
        names = ("id", "email", "external_id", "role")
        return {"type": "contact", **{name: getattr(contact, name) for name in names}, "name": "Anna B"}

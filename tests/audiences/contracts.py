"""Holds requests against the vendors' own OpenAPI descriptions, which lie in `../shared/contracts`.

openapi-core judges path, parameters, security, content type and body. It lets pass what a description does not forbid
in so many words, so three things are asked on top: headers that a description names are there with a value that it
names, query parameters are ones it names, and so are the properties of bodies, except inside `FREE`.

    contract("klaviyo").check(map(arrived, fake.log))  # skips the test where the descriptions are absent
    httpx.Client(event_hooks={"request": [contract("klaviyo").hook]})

`mutations` breaks each part of a good request once; `unnoticed` names those that a contract does not object to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from tests.audiences.fakes.serving import Request
from tests.shared import shared

Vendor = Literal["intercom", "klaviyo", "sendgrid"]
FILES: Mapping[Vendor, tuple[str, ...]] = {
    "intercom": ("intercom.json",),
    "klaviyo": ("klaviyo.json",),
    "sendgrid": ("sendgrid-contacts.json", "sendgrid-lists.json"),
}
SCHEMES: Mapping[Vendor, str] = {"intercom": "Bearer", "klaviyo": "Klaviyo-API-Key", "sendgrid": "Bearer"}
FREE = frozenset({"properties", "custom_attributes", "custom_fields", "metadata"})
LARGE = 100_000
ABSENT = "the vendors' OpenAPI descriptions (../shared/contracts) are not on this machine"


@dataclass(frozen=True)
class Call:
    """One request as it left: `target` is the path with its query as it stood in the request line."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    def header(self, name: str) -> str | None:
        return next((value for each, value in self.headers.items() if each.lower() == name.lower()), None)

    def json(self) -> Any:
        return json.loads(self.body)


def request_to_call(request: httpx.Request) -> Call:
    """What httpx is about to send."""
    request.read()
    return Call(request.method, request.url.raw_path.decode(), dict(request.headers.items()), request.content)


def arrived(request: Request) -> Call:
    """What a fake received."""
    target = f"{request.path}?{urlencode(request.query)}" if request.query else request.path
    return Call(request.method, target, request.headers, request.content)


@dataclass
class _Asked:
    """A call in the shape that openapi-core reads, as if it had gone to the vendor's own server."""

    call: Call
    host_url: str
    parameters: RequestParameters = field(init=False)

    def __post_init__(self) -> None:
        query, header = ImmutableMultiDict(self.call.query), Headers(list(self.call.headers.items()))
        self.parameters = RequestParameters(query=query, header=header)

    @property
    def path(self) -> str:
        return self.call.path

    @property
    def method(self) -> str:
        return self.call.method.lower()

    @property
    def content_type(self) -> str:
        return self.call.header("content-type") or ""

    @property
    def body(self) -> bytes | None:
        return self.call.body or None


@dataclass(frozen=True)
class Contract:
    """What one vendor's documents say of requests."""

    vendor: Vendor
    documents: tuple[Mapping[str, Any], ...]

    @property
    def hook(self) -> Any:
        """For httpx's `event_hooks`: objects before a request leaves."""
        return lambda request: self.check([request_to_call(request)])

    def check(self, calls: Iterable[Call]) -> None:
        """Fail on the first call that breaks the contract."""
        for call in calls:
            found = self.objections(call)
            assert not found, f"{self.vendor}: {call.method} {call.path}: {'; '.join(found)}"

    def operation_of(self, call: Call) -> str | None:
        """The method and path of the described operation that a call uses."""
        found = self._find(call)
        return f"{call.method} {found[1]}" if found else None

    def objections(self, call: Call) -> list[str]:
        """All that a call does against the descriptions."""
        return [*self._objections(call)]

    def allows(self, call: Call) -> bool:
        """Whether nothing speaks against a call; stops at the first thing that does."""
        return next(self._objections(call), None) is None

    def _objections(self, call: Call) -> Iterator[str]:
        found = self._find(call)
        if found is None:
            yield "the description knows no such path and method"
            return
        number, template = found
        parameters = _parameters(self.documents[number], template, call.method)
        yield from _security(call, SCHEMES[self.vendor])
        yield from _headers(call, parameters)
        yield from _unknown_query(call, parameters)
        yield from self._judged(number, call, strict=False)
        yield from self._judged(number, call, strict=True)

    def _judged(self, number: int, call: Call, *, strict: bool) -> Iterator[str]:
        document = self.documents[number]
        asked = _Asked(_without_free(call) if strict else call, document["servers"][0]["url"])
        judges = self._strict if strict else self._plain
        try:
            judges[number].validate_request(asked)
        except OpenAPIError as error:
            yield " ".join(_told(error))[:500]

    def _find(self, call: Call) -> tuple[int, str] | None:
        for number, document in enumerate(self.documents):
            for template, operations in document["paths"].items():
                shape = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(template))
                if re.fullmatch(shape, call.path) and call.method.lower() in operations:
                    return number, template
        return None

    @cached_property
    def _plain(self) -> tuple[OpenAPI, ...]:
        return tuple(OpenAPI.from_dict(dict(each), config=Config(spec_validator_cls=None)) for each in self.documents)

    @cached_property
    def _strict(self) -> tuple[OpenAPI, ...]:
        config = Config(spec_validator_cls=None, additional_properties_default_policy="forbid")
        return tuple(OpenAPI.from_dict(dict(each), config=config) for each in self.documents)


@lru_cache
def contract_or_none(vendor: Vendor) -> Contract | None:
    """A vendor's contract, or null where the descriptions are absent."""
    found = [path for name in FILES[vendor] if (path := shared("contracts", name)) is not None]
    if len(found) < len(FILES[vendor]):
        return None
    return Contract(vendor, tuple(json.loads(path.read_text()) for path in found))


def contract(vendor: Vendor) -> Contract:
    """A vendor's contract; skips the test, and says so, where the descriptions are absent."""
    found = contract_or_none(vendor)
    if found is None:
        pytest.skip(ABSENT)
    return found


def check_if_described(vendor: Vendor, log: Iterable[Request]) -> None:
    """Hold what a fake received against the vendor's contract, for all tests that skip nothing without one.

    Very large calls are left to the tests of batches.
    """
    judge = contract_or_none(vendor)
    if judge is not None:
        judge.check(arrived(request) for request in log if len(request.content) < LARGE)


def _told(error: BaseException) -> Iterator[str]:
    yield str(error)
    for each in getattr(error, "schema_errors", ()):
        yield f"{'/'.join(map(str, each.absolute_path))}: {each.message}"
    if error.__cause__ is not None:
        yield from _told(error.__cause__)


def _resolve(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name.replace("~1", "/").replace("~0", "~")]
    return _resolve(document, found)


def _parameters(document: Mapping[str, Any], template: str, method: str) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Place, name and schema of all parameters that an operation takes."""
    operations = document["paths"][template]
    listed = [*operations.get("parameters", ()), *operations[method.lower()].get("parameters", ())]
    resolved = [_resolve(document, each) for each in listed]
    return [(each["in"], each["name"], _resolve(document, each.get("schema", {}))) for each in resolved]


def _security(call: Call, scheme: str) -> Iterator[str]:
    # A description can only ask for the header, not for the scheme written in it.
    if not re.fullmatch(rf"{scheme} \S+", call.header("authorization") or ""):
        yield f"the Authorization header is not `{scheme} …`"


def _headers(call: Call, parameters: Iterable[tuple[str, str, Mapping[str, Any]]]) -> Iterator[str]:
    for place, name, schema in parameters:
        if place == "header" and call.header(name) != schema.get("default"):
            yield f"header {name} is {call.header(name)!r} where the description was made for {schema.get('default')!r}"


def _unknown_query(call: Call, parameters: Iterable[tuple[str, str, Mapping[str, Any]]]) -> Iterator[str]:
    known = {name for place, name, _ in parameters if place == "query"}
    for name, _ in call.query:
        if name not in known:
            yield f"the description knows no query parameter {name}"


def _without_free(call: Call) -> Call:
    try:
        body = json.loads(call.body)
    except ValueError:
        return call
    return Call(call.method, call.target, call.headers, json.dumps(_emptied(body)).encode())


def _emptied(value: Any) -> Any:
    match value:
        case dict():
            return {k: {} if k in FREE and isinstance(v, dict) else _emptied(v) for k, v in value.items()}
        case list():
            return [_emptied(each) for each in value]
        case _:
            return value


TRANSPORT = frozenset(
    {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length", "transfer-encoding"}
)
"""Headers that are the transport's own affair."""


@dataclass(frozen=True)
class Mutation:
    """A call with one part broken."""

    name: str
    call: Call


def mutations(call: Call, limits: Mapping[str, int] | None = None) -> Iterator[Mutation]:
    """A good call with each of its parts broken once.

    `limits` gives, by the pointer of a list in the body (`data`, `contacts`), how many items the vendor takes: one more
    is a mutation. In pointers the first item stands for all of a list: `contacts/0/email`.
    """
    yield from _of_line(call)
    yield from _of_headers(call)
    yield from _of_query(call)
    if call.body:
        yield from _of_body(call, limits or {})


def unnoticed(contract: Contract, call: Call, limits: Mapping[str, int] | None = None) -> set[str]:
    """The mutations that a contract lets pass, by name. The unbroken call must pass."""
    contract.check([call])
    return {each.name for each in mutations(call, limits) if contract.allows(each.call)}


def _changed(call: Call, **parts: Any) -> Call:
    return Call(**{"method": call.method, "target": call.target, "headers": call.headers, "body": call.body} | parts)


def _of_line(call: Call) -> Iterator[Mutation]:
    path, mark, query = call.target.partition("?")
    yield Mutation("unknown path", _changed(call, target=f"{path}/unknown{mark}{query}"))
    yield Mutation("unknown method", _changed(call, method="PATCH"))
    for number, part in enumerate(parts := path.split("/")[1:], start=1):
        broken = ["", *parts]
        broken[number] = f"{part}x" if part.isalpha() and part.islower() else ""
        yield Mutation(f"path part {number} broken", _changed(call, target="/".join(broken) + mark + query))


def _of_headers(call: Call) -> Iterator[Mutation]:
    for name in sorted(each for each in call.headers if each.lower() not in TRANSPORT):
        others = {each: value for each, value in call.headers.items() if each != name}
        yield Mutation(f"header {name.lower()} removed", _changed(call, headers=others))
        yield Mutation(f"header {name.lower()} wrong", _changed(call, headers=others | {name: "wrong"}))


def _of_query(call: Call) -> Iterator[Mutation]:
    path = call.path
    for number, (name, value) in enumerate(query := call.query):
        others = [*query[:number], *query[number + 1 :]]
        for kind, more in (("removed", []), ("misspelt", [(f"{name}x", value)]), ("wrong", [(name, "wrong")])):
            target = str(httpx.URL(path, params=httpx.QueryParams([*others, *more])))
            yield Mutation(f"query {name} {kind}", _changed(call, target=target))


def _of_body(call: Call, limits: Mapping[str, int]) -> Iterator[Mutation]:
    yield Mutation("body removed", _changed(call, body=b""))
    yield Mutation("body no JSON", _changed(call, body=call.body[:-1]))
    for name, body in _of_value(call.json(), "", limits):
        yield Mutation(f"body {name}", _changed(call, body=json.dumps(body).encode()))


def _of_value(value: Any, pointer: str, limits: Mapping[str, int]) -> Iterator[tuple[str, Any]]:
    """Broken forms of a value, each with its name; `pointer` leads to the value."""
    yield f"{pointer or '/'} of a wrong type", 7 if isinstance(value, str) else "wrong"
    match value:
        case dict():
            yield f"{pointer}/ with an unknown property", value | {"unknown_property": "x"}
            for name in value:
                yield from _of_property(value, name, f"{pointer}/{name}".lstrip("/"), limits)
        case list():
            yield f"{pointer} emptied", []
            if pointer in limits:
                yield f"{pointer} too long", [value[0]] * (limits[pointer] + 1)
            for name, broken in _of_value(value[0], f"{pointer}/0", limits):
                yield name, [broken, *value[1:]]


def _of_property(value: Mapping[str, Any], name: str, pointer: str, limits: Mapping[str, int]) -> Iterator[Any]:
    others = {each: kept for each, kept in value.items() if each != name}
    yield f"{pointer} removed", others
    yield f"{pointer} misspelt", others | {f"{name}x": value[name]}
    if name in FREE:
        yield f"{pointer} of a wrong type", others | {name: "wrong"}
        return
    for told, broken in _of_value(value[name], pointer, limits):
        yield told, others | {name: broken}

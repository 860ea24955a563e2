"""Files in a bucket: the object first, then its manifest under the condition that there is none.

Nothing is taken from the machine's own settings of S3: the endpoint, the region and the two keys are those of the
destination.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from orchestration.audiences.destinations.base import Surroundings
from orchestration.audiences.destinations.files import FileDestination
from orchestration.audiences.destinations.http import checked_endpoint
from orchestration.audiences.destinations.paths import written_path
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.files import settings_to_form

if TYPE_CHECKING:
    from obstore.store import S3Credential

# One request up to here; above, parts, of which a killed run may leave some that only the bucket's owner is shown.
LARGE = 64 * 1024 * 1024
PART = 16 * 1024 * 1024
RETRIES = 5
TIME_TO_CONNECT = timedelta(seconds=10)
TIME_OF_A_REQUEST = timedelta(seconds=120)
AGAIN = "export again once it does: the delivery is kept and will be finished"


@dataclass(frozen=True)
class Place:
    """A bucket at an endpoint, and the prefix of the audiences' folders in it."""

    name: str
    endpoint: str
    bucket: str
    region: str
    prefix: str

    def key(self, path: str) -> str:
        """The key of the object at a path below the prefix."""
        return f"{self.prefix}/{path}" if self.prefix else path

    def error(self, problem: str, remedy: str) -> DestinationError:
        """What is wrong at this place."""
        return DestinationError(f"destination {self.name}: bucket {self.bucket}: {problem}", remedy)


@dataclass(frozen=True)
class Bucket:
    """A place with the keys that open it."""

    place: Place
    store: S3Store

    def open_folder(self, folder: str) -> None:
        """A bucket has no folders, and a write that was cut off leaves no object."""

    def read(self, path: str) -> bytes | None:
        try:
            return bytes(obstore.get(self.store, self.place.key(path)).bytes())
        except FileNotFoundError:
            return None

    def write(self, path: str, content: bytes) -> None:
        obstore.put(self.store, self.place.key(path), content, use_multipart=len(content) > LARGE, chunk_size=PART)

    def vouch(self, path: str, manifest: bytes) -> None:
        try:
            obstore.put(self.store, self.place.key(path), manifest, mode="create", use_multipart=False)
        except AlreadyExistsError:
            # A request that was sent again after its answer was lost meets its own object.
            if self.read(path) != manifest:
                self.withdraw(path)

    def withdraw(self, path: str) -> None:
        raise self.place.error(
            f"{self.place.key(path)} is there already and describes other bytes",
            "look who wrote it; where nobody reads it any more, remove it and export again: the delivery is kept",
        )

    def flush(self, folder: str) -> None:
        """What is answered is kept."""

    def location(self, path: str) -> str:
        return f"s3://{self.place.bucket}/{self.place.key(path)}"


def s3_destination(name: str, settings: Mapping[str, Any], surroundings: Surroundings) -> FileDestination:
    """The bucket that the settings name. Raises DestinationError."""
    region = str(settings.get("region", "us-east-1"))
    place = Place(
        name=name,
        endpoint=checked_endpoint(name, str(settings.get("endpoint") or f"https://s3.{region}.amazonaws.com")),
        bucket=str(settings["bucket"]),
        region=region,
        prefix=written_path(name, settings.get("path", ""), absolute=False),
    )
    return FileDestination(partial(_opened, place, settings, surroundings), settings_to_form(name, settings))


@contextmanager
def _opened(place: Place, settings: Mapping[str, Any], surroundings: Surroundings) -> Iterator[Bucket]:
    try:
        yield Bucket(place, _store(place, settings, surroundings))
    except (PermissionDeniedError, UnauthenticatedError) as error:
        remedy = "check the environment variables of access_key_id and secret_access_key, and what they may do there"
        raise place.error(f"it does not let us in{_code(error)}", remedy) from None
    except FileNotFoundError as error:
        raise place.error(f"it is not there{_code(error)}", "check bucket, region and endpoint") from None
    except (BaseError, OSError) as error:
        # The library's own words quote the request with the name of the key.
        raise place.error(f"{urlsplit(place.endpoint).netloc} did not do it{_code(error)}", AGAIN) from None


def _store(place: Place, settings: Mapping[str, Any], surroundings: Surroundings) -> S3Store:
    keys: S3Credential = {
        "access_key_id": surroundings.secret(settings["access_key_id"]["env"]).reveal(),
        "secret_access_key": surroundings.secret(settings["secret_access_key"]["env"]).reveal(),
        "expires_at": None,
    }
    return S3Store(
        place.bucket,
        # The second name is the one that an environment variable would otherwise give.
        endpoint=place.endpoint,
        aws_endpoint_url_s3=place.endpoint,
        region=place.region,
        virtual_hosted_style_request=False,
        skip_signature=False,
        credential_provider=lambda: keys,
        client_options={
            "allow_http": urlsplit(place.endpoint).scheme == "http",
            "connect_timeout": TIME_TO_CONNECT,
            "timeout": TIME_OF_A_REQUEST,
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": TIME_OF_A_REQUEST},
    )


def _code(error: Exception) -> str:
    """The service's own word for what happened, where it said one."""
    found = re.search(r"<Code>(\w+)</Code>", str(error))
    return f" ({found[1]})" if found else ""

"""Where audiences can go: one module each."""

from __future__ import annotations

from orchestration.audiences.audience import Audience
from orchestration.audiences.destinations.base import (
    Destination,
    Journal,
    Receipt,
    Refusal,
    Surroundings,
    Told,
    tell_nobody,
)
from orchestration.audiences.destinations.folder import folder_destination
from orchestration.audiences.destinations.intercom import intercom_destination
from orchestration.audiences.destinations.klaviyo import klaviyo_destination
from orchestration.audiences.destinations.s3 import s3_destination
from orchestration.audiences.destinations.sendgrid import sendgrid_destination
from orchestration.audiences.destinations.sftp import sftp_destination
from orchestration.audiences.destinations.webhook import webhook_destination
from orchestration.audiences.errors import DestinationError

__all__ = ["Destination", "Journal", "Receipt", "Refusal", "Surroundings", "Told", "destination_of", "tell_nobody"]


def destination_of(audience: Audience, surroundings: Surroundings) -> Destination:
    """The destination of an audience. Raises DestinationError."""
    name, settings = audience.destination, audience.destination_settings
    match settings.get("type"):
        case "folder":
            return folder_destination(name, settings, surroundings.state)
        case "sftp":
            return sftp_destination(name, settings, surroundings)
        case "s3":
            return s3_destination(name, settings, surroundings)
        case "intercom":
            return intercom_destination(audience, surroundings)
        case "webhook":
            return webhook_destination(audience, surroundings)
        case "klaviyo":
            return klaviyo_destination(audience, surroundings)
        case "sendgrid":
            return sendgrid_destination(audience, surroundings)
        case unknown:
            raise DestinationError(
                f"destination {name}: there is no type {unknown!r}",
                "name one that is known in segment_specs/destinations.yml: `muster schema` lists them",
            )

"""Publishing: the marts as one run left them, where a dashboard reads them whole and never waits for the writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from orchestration.publishing.files import Copy
from orchestration.publishing.folder import PublishedFolder
from orchestration.publishing.mart import Mart
from orchestration.publishing.publication import PublishError
from orchestration.publishing.tables import Replacement
from orchestration.warehouse import Warehouse


def publish_marts(
    warehouse: Warehouse, marts: Sequence[Mart], first_day: date, as_of: date, folder: PublishedFolder
) -> None:
    """Publish the marts as of a day, unless a later day is published: then that one stays.

    A DuckDB file has one writing process, and nobody else reads it meanwhile, so nothing published in it would serve a
    reader: the marts are copied into files of their own. On PostgreSQL they are published in the warehouse.

    Raises PublishError, WarehouseError.
    """
    match warehouse.dialect:
        case "duckdb":
            before = folder.read()
            if before is None or before.as_of <= as_of:
                folder.add(as_of, Copy(warehouse, marts, first_day, as_of).write)
        case "postgres":
            Replacement(warehouse, marts, first_day, as_of).publish()
        case other:
            raise PublishError(f"nothing publishes the marts of a warehouse on {other} yet")

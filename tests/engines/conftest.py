"""The engines that run here: one of each per test session and worker, started when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines import postgres
from tests.engines.on_postgres import Postgres
from tests.reference.on_duckdb import DuckDB


@pytest.fixture(scope="session")
def duckdb_engine() -> DuckDB:
    return DuckDB()


@pytest.fixture(scope="session")
def postgres_engine() -> Iterator[Postgres]:
    """A PostgreSQL that rules can be asked of; without the server's programs the test is skipped."""
    try:
        with postgres.running() as server, server.connect() as connection:
            yield Postgres(connection)
    except postgres.ServerAbsent as absent:
        pytest.skip(str(absent))

"""A dashboard in a process of its own on PostgreSQL: `python -m tests.publishing.postgres_reader CONNINFO STOP SQL`.

It prints a line of JSON for each reading, a statement alone and twice in one transaction, until the file STOP is there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import psycopg


def main(conninfo: str, stop: Path, sql: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

        def read() -> tuple[Any, ...] | None:
            return connection.execute(sql.encode()).fetchone()

        stopping = False
        while not stopping:
            stopping = stop.exists()
            alone = read()
            with connection.transaction():
                first, again = read(), read()
            print(json.dumps({"alone": alone, "first": first, "again": again}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])

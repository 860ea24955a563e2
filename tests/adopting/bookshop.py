"""A bookshop's dbt project, in shape unlike Muster's own: its own schemas, profile, macros, snapshot, tests and hooks.

Its models are in `transform`, its tables in schemas that it names itself. Two macros and two models are called as some
of Muster's are.
"""

from __future__ import annotations

import os
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner

LAST = date(2025, 3, 31)
READERS = 40

FILES = {
    "dbt_project.yml": """\
# the shop's own settings
name: bookshop
version: "2.3"
profile: bookshop_profile
model-paths: ["transform"]
macro-paths: ["jinja"]
snapshot-paths: ["slowly"]
test-paths: ["asserts"]
seed-paths: ["reference"]
vars:
  loyal_after: 3   # orders
  history_days: 400
on-run-start: "create schema if not exists audit"
models:
  bookshop:
    staging: {+schema: staging, +materialized: view}
    analytics: {+schema: analytics, +materialized: table}
""",
    "profiles.yml": """\
bookshop_profile:
  target: "{{ env_var('SHOP_TARGET', 'dev') }}"
  outputs:
    dev: {type: duckdb, path: data/books.duckdb, schema: shop, threads: 4}
""",
    "packages.yml": "# no packages of others yet\npackages: []\n",
    "jinja/naming.sql": """\
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}
""",
    "jinja/as_of.sql": "{% macro as_of() %}this is no date{% endmacro %}\n",
    "jinja/days_before.sql": "{% macro days_before(n) %}{{ n }}{% endmacro %}\n",
    "transform/staging/stg_readers.sql": "select * from {{ source('till', 'readers') }}\n",
    "transform/staging/stg_orders.sql": "select * from {{ source('till', 'orders') }}\n",
    "transform/staging/till.yml": """\
version: 2
sources:
  - name: till
    schema: raw
    tables: [{name: readers}, {name: orders}, {name: clicks}]
""",
    "transform/analytics/customers.sql": """\
select
    reader_no as customer_no,
    first_name,
    email,
    country,
    joined as joined_on,
    newsletter,
    favourite_genres,
    (select count(*) from {{ ref('stg_orders') }} as orders where orders.reader_no = readers.reader_no) as orders_so_far
from {{ ref('stg_readers') }} as readers
""",
    "transform/analytics/orders.sql": """\
select order_no, reader_no as customer_no, ordered_at, total, status from {{ ref('stg_orders') }}
""",
    "transform/analytics/web_events.sql": """\
select reader_no as customer_no, what as event_name, clicked as occurred_at, page from {{ source('till', 'clicks') }}
""",
    "transform/analytics/segments.sql": "select 'kids' as market_segment, 0.2 as share\n",
    "transform/analytics/days.sql": "select cast('2025-01-01' as date) as opening_day\n",
    "transform/analytics/analytics.yml": """\
version: 2
models:
  - name: customers
    description: One row per reader with an account
    columns:
      - {name: customer_no, tests: [unique, not_null]}
      - {name: country, description: "Where books are sent: a country's code"}
  - name: orders
    columns:
      - {name: order_no, tests: [unique]}
      - name: customer_no
        tests: [{relationships: {to: ref('customers'), field: customer_no}}]
  - name: segments
    columns: [{name: market_segment, tests: [unique]}]
""",
    "slowly/prices.yml": """\
snapshots:
  - name: readers_over_time
    relation: source('till', 'readers')
    config: {schema: snapshots, unique_key: reader_no, strategy: check, check_cols: [country]}
""",
    "asserts/no_negative_totals.sql": "select * from {{ ref('orders') }} where total < 0\n",
    "reference/genres.csv": "genre,shelf\ncrime,3\npoetry,9\n",
    "README.md": "# The shop's warehouse\n",
}


def lay_down(folder: Path) -> Path:
    """Write the project and load its sources; returns the folder that holds dbt_project.yml."""
    for path, text in FILES.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (folder / "data").mkdir()
    with duckdb.connect(str(folder / "data" / "books.duckdb")) as shop:
        load(shop)
    return folder


def load(shop: duckdb.DuckDBPyConnection, schema: str = "raw") -> None:
    shop.execute(f"create schema if not exists {schema}")
    shop.execute(f"""
        create table {schema}.readers as select
            cast(n as integer) as reader_no, 'Reader ' || n as first_name, 'r' || n || '@example.org' as email,
            case when n % 3 = 0 then 'IE' else 'FR' end as country, date '2024-01-01' + cast(n as integer) as joined,
            n % 2 = 0 as newsletter, ['crime', 'poetry'] as favourite_genres
        from generate_series(1, {READERS}) as numbers(n)""")
    shop.execute(f"""
        create table {schema}.orders as select
            n as order_no, cast(1 + n % {READERS} as integer) as reader_no,
            cast(date '{LAST}' - cast(n as integer) as timestamp) + interval 10 hour as ordered_at,
            cast(n % 50 as decimal(9, 2)) as total, case when n % 5 = 0 then 'returned' else 'sent' end as status
        from generate_series(0, 119) as numbers(n)""")
    shop.execute(f"""
        create table {schema}.clicks as select
            cast(1 + n % 20 as integer) as reader_no, case when n % 2 = 0 then 'searched' else 'viewed' end as what,
            cast(date '{LAST}' - cast(3 * n as integer) as timestamp) + interval 23 hour as clicked, '/p' || n as page
        from generate_series(0, 99) as numbers(n)""")


def active(day: date) -> set[int]:
    """The readers with a click in the 30 days that end with the day, by counting."""
    return {1 + n % 20 for n in range(100) if day - timedelta(days=29) <= LAST - timedelta(days=3 * n) <= day}


def build(folder: Path) -> RunExecutionResult:
    """The shop's own `dbt build` by hand, in its own folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        result = dbtRunner().invoke(["build", "--log-level", "none", "--no-send-anonymous-usage-stats"])
    finally:
        os.chdir(before)
        DuckDBConnectionManager.close_all_connections()
    assert isinstance(result.result, RunExecutionResult), result.exception
    return result.result


def digests(folder: Path) -> dict[str, str]:
    """Every file of the project's own by its path, links not followed; what dbt makes itself left out."""
    made = {"target", "logs", "data", "dbt_packages", ".muster"}
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {
        name: sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
        if made.isdisjoint((name := path.relative_to(folder).as_posix()).split("/"))
    }


def contents(folder: Path, *schemas: str) -> dict[str, list[str]]:
    """The rows of every table and view of some schemas, sorted."""
    with duckdb.connect(str(folder / "data" / "books.duckdb"), read_only=True) as shop:
        names = shop.execute(
            "select table_schema, table_name from information_schema.tables where list_contains(?, table_schema)",
            [list(schemas)],
        ).fetchall()
        return {
            f"{schema}.{name}": sorted(map(repr, shop.execute(f'select * from "{schema}"."{name}"').fetchall()))
            for schema, name in names
        }

"""The marts published inside the warehouse, where readers and a writer do not wait for each other: PostgreSQL.

Schema `published` has a table for each mart. A publication replaces their rows in one transaction, so a statement sees
one version whatever it joins, a reader's transaction does when it is `repeatable read`, and nobody waits. Views that
are pointed at freshly copied tables would do worse: to replace a view PostgreSQL locks it against everybody, so the
publisher would wait for every running dashboard, new dashboards for the publisher, and a query over two views could be
the loser of a deadlock.

Only a mart whose columns have changed becomes a new table, at the very end, and that does wait for its readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from orchestration.publishing.about import ABOUT, TABLES
from orchestration.publishing.mart import Mart, documented
from orchestration.publishing.publication import SCHEMA_VERSION
from orchestration.warehouse import Warehouse, quoted_name, quoted_text

PREPARED = """
create schema if not exists published;
create table if not exists published.published (
    as_of date not null,
    first_day date not null,
    version integer not null,
    schema_version integer not null
);
create table if not exists published.published_tables (
    table_name text primary key,
    row_count bigint not null,
    description text not null
);
create or replace view published.as_of as select as_of from published.published
"""

SHAPES = """
select relations.relname, string_agg(
    columns.attname || ' ' || format_type(columns.atttypid, columns.atttypmod), ', ' order by columns.attnum
)
from pg_class as relations
inner join pg_attribute as columns on columns.attrelid = relations.oid
where columns.attnum > 0 and not columns.attisdropped and {which}
group by relations.relname
"""


@dataclass(frozen=True)
class Replacement:
    """The marts as of a day, to stand in schema `published` instead of those that stand there now."""

    warehouse: Warehouse
    marts: Sequence[Mart]
    first_day: date
    as_of: date

    def publish(self) -> None:
        """Replace all tables in one transaction, unless they are as of a later day. Raises WarehouseError."""
        self.warehouse.execute(PREPARED)
        with self.warehouse.transaction():
            # publishers one after the other; readers do not mind
            self.warehouse.execute("lock table published.published in share row exclusive mode")
            if (version := self._next_version()) is not None:
                self._replace(version)
        # the rows that were replaced make room for those of the next publication
        for mart in self.marts:
            self.warehouse.execute(f"vacuum (analyze) {_place(mart.name)}")

    def _next_version(self) -> int | None:
        """One more than the version that stands; None when that is as of a later day."""
        for as_of, version in self.warehouse.rows("select as_of, version from published.published"):
            return None if isinstance(as_of, date) and as_of > self.as_of else int(str(version)) + 1
        return 1

    def _replace(self, version: int) -> None:
        held = self._shapes("relations.relnamespace = 'published'::regnamespace and relations.relkind = 'r'")
        same = {mart.name for mart in self.marts if self._shape(mart) == held.get(mart.name)}
        for mart in self.marts:
            self._run(_refilled(mart) if mart.name in same else [_made_aside(mart)])
        reshaped = [mart.name for mart in self.marts if mart.name not in same]
        gone = held.keys() - {mart.name for mart in (*self.marts, ABOUT, TABLES)}
        self._run(_put_in_place(reshaped, gone))
        self._run(documented((*self.marts, ABOUT, TABLES), _place))
        self._run(self._told(version))

    def _shapes(self, which: str) -> dict[str, str]:
        """Columns with their types, by table."""
        return {str(name): str(shape) for name, shape in self.warehouse.rows(SHAPES.format(which=which))}

    def _shape(self, mart: Mart) -> str:
        return next(iter(self._shapes(f"relations.oid = to_regclass({quoted_text(mart.relation)})").values()), "")

    def _run(self, statements: Iterable[str]) -> None:
        if sql := ";\n".join(statements):
            self.warehouse.execute(sql)

    def _told(self, version: int) -> Iterator[str]:
        """The publication about itself."""
        yield "delete from published.published"
        yield "delete from published.published_tables"
        told = f"date '{self.as_of}', date '{self.first_day}', {version}, {SCHEMA_VERSION}"
        yield f"insert into published.published values ({told})"
        for mart in self.marts:
            about = f"{quoted_text(mart.name)}, count(*), {quoted_text(mart.description)}"
            yield f"insert into published.published_tables select {about} from {_place(mart.name)}"


def _refilled(mart: Mart) -> Iterator[str]:
    yield f"delete from {_place(mart.name)}"
    yield f"insert into {_place(mart.name)} select * from {mart.relation}"


def _made_aside(mart: Mart) -> str:
    return f"create table {_aside(mart.name)} as select * from {mart.relation}"


def _put_in_place(reshaped: Iterable[str], gone: Iterable[str]) -> Iterator[str]:
    for name in sorted(gone):
        yield f"drop table {_place(name)}"
    for name in reshaped:
        yield f"drop table if exists {_place(name)}"
        yield f"alter table {_aside(name)} rename to {quoted_name(name)}"


def _place(name: str) -> str:
    return f"published.{quoted_name(name)}"


def _aside(name: str) -> str:
    return f"published.{quoted_name(f'{name}_aside')}"

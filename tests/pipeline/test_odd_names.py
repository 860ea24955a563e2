"""Columns and segments named like keywords, like each other, and with capitals and spaces, from catalog to marts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from orchestration.questions import ask
from orchestration.warehouse import DuckDB
from tests.project import SmallProject

DAY = date(2024, 3, 1)
CATALOG = """
entities:
  member:
    model: events
    key: order
    attributes:
      active: boolean
      day: {type: integer, column: Number of Days}
      measure: text
      select: {type: text, column: SELECT}
    events:
      model: history
      subject: order
      name: name
      at: at
      properties: {day: integer, event_name: text, events: integer}
    relations:
      events: {model: traits, subject: order, at: at, attributes: {day: integer, order: integer}}
"""
SPECS = {
    "active": "{active: true}",
    "measure": "[{in_segment: active}, {day: {at_least: 2}}]",
    "select": "[{in_segment: measure}, {active: true}, {select: x}, {not_in_segment: order_by}]",
    "order_by": "{performed: group, where: [{day: 1}, {event_name: inner}], sum: events, at_least: 5}",
    "from": "{related: events, where: [{day: 3}, {order: 7}], in_last: 1 day}",
}


def test_odd_names_work_everywhere(tmp_path: Path) -> None:
    project = SmallProject(tmp_path / "odd")
    specs = {f"members/{key}.yml": f"entity: member\nwhere: {rule}\n" for key, rule in SPECS.items()}
    project.lay_down(CATALOG, specs, "events", "history", "traits")
    project.execute(
        "create schema raw",
        'create table raw.events as select i as "order", i < 3 as active, i as "Number of Days", \'m\' as measure, '
        "'x' as \"SELECT\" from range(4) as numbers(i)",
        "create table raw.history as select 3 as \"order\", 'group' as name, "
        "timestamp '2024-03-01 10:00' as at, 1 as day, 'inner' as event_name, 5 as events",
        "create table raw.traits as select 1 as \"order\", timestamp '2024-03-01 10:00' as at, 3 as day union all "
        "select 7, timestamp '2024-03-01 10:00', 3",
    )
    compilation = project.compile()
    with DuckDB(project.settings.duckdb) as warehouse:
        for model in ("events", "history", "traits"):
            warehouse.execute(f"create view {model} as select * from raw.{model}")
        found = {key: ask(compilation, warehouse).members(key, DAY) for key in SPECS}
    assert found == {"active": [0, 1, 2], "measure": [2], "select": [2], "order_by": [3], "from": []}
    project.run(DAY)
    recorded = project.rows("select segment, subject_key from segment_spells order by all")
    assert recorded == [(key, str(member)) for key in sorted(found) for member in found[key]]
    project.write("members/active.yml", "entity: member\nstatus: paused\nwhere: {active: true}\n")
    project.run(DAY)
    assert project.rows("select count(*) from segment_spells where segment = 'active'") == [(0,)]

"""Models of the days on which subjects were active, by what segments take for activity."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.compiler.engines.engine import Engine
from orchestration.compiler.measures import measure_definition
from orchestration.compiler.plan import Plan, activity_measure
from orchestration.compiler.segment import Segment
from orchestration.compiler.sql import Clock, identifier
from orchestration.compiler.trait import Measure


def activity_name(plan: Plan, measure: Measure, clock: Clock) -> str:
    """A measure by name and definition: another one when the catalog means other events by it."""
    return f"{plan.rolled_up[measure]} {measure_definition(plan, measure, clock)}"


def segment_to_activity(plans: Sequence[Plan], segment: Segment, clock: Clock) -> str:
    """The activity of a segment's subjects; empty where nothing counts as one."""
    measure = activity_measure(segment)
    plan = next(plan for plan in plans if plan.name == segment.entity)
    return activity_name(plan, measure, clock) if measure in plan.activities else ""


def activity_model(plan: Plan, clock: Clock, engine: Engine) -> str:
    """The days of each measure that is an activity."""
    key = engine.spelled(identifier(plan.entity.key))
    parts = [
        f"select\n    '{activity_name(plan, measure, clock)}' as activity,\n    {key},\n    day\n"
        f"from {{{{ ref('{plan.entity.name}_measures') }}}}\n"
        f"where measure = '{name}' and day is not null"
        for measure, name in plan.activities.items()
    ]
    return "\nunion all\n".join(parts)


def overall_activity_model(plans: Sequence[Plan], engine: Engine) -> str:
    """The same over all entities, one plan each, with the subject's key as text; without any activity, no rows."""
    active = [plan for plan in plans if plan.activities]
    if not active:
        return NO_ACTIVITY
    keys = {plan.entity.name: engine.spelled(identifier(plan.entity.key)) for plan in active}
    parts = [
        f"select\n    '{entity}' as entity,\n    {{{{ key_text('{key}') }}}} as subject_key,\n    activity,\n    day\n"
        f"from {{{{ ref('{entity}_activity') }}}}"
        for entity, key in keys.items()
    ]
    return "\nunion all\n".join(parts)


NO_ACTIVITY = """\
select
    cast(null as {{ api.Column.translate_type('string') }}) as entity,
    cast(null as {{ api.Column.translate_type('string') }}) as subject_key,
    cast(null as {{ api.Column.translate_type('string') }}) as activity,
    cast(null as date) as day
where false
"""

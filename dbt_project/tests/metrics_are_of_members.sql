-- Of a segment's members, no more than all have a known value. Who was erased is counted no more, and stays in the
-- figures of past days, which name nobody.
{{ config(meta={'dagster': {'ref': {'name': 'segment_metrics_daily'}}}) }}
{%- set tombstones = ledger_table('tombstones') %}
with metrics as (
    select * from {{ ref('segment_metrics_daily') }}
    where as_of_date >= {{ changed_from() }}
),

counts as (
    select * from {{ ref('segment_counts_daily') }}
),

erased as (
    {%- if tombstones is not none %}
    select entity, count(*) as subjects from {{ tombstones }}
    group by entity
    {%- else %}
    select cast(null as {{ dbt.type_string() }}) as entity, 0 as subjects
    {%- endif %}
)

select
    metrics.as_of_date,
    metrics.segment,
    metrics.metric,
    metrics.known_values,
    counts.members
from metrics
left join counts
    on counts.as_of_date = metrics.as_of_date
    and counts.segment = metrics.segment
left join erased
    on erased.entity = metrics.entity
where metrics.segment <> 'base population'
    and (counts.members is null or metrics.known_values > counts.members + coalesce(erased.subjects, 0))

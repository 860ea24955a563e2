-- Members of a day are those of the day before, plus who entered, minus who left; and no day is missing.
{{ config(meta={'dagster': {'ref': {'name': 'segment_counts_daily'}}}) }}
with counts as (
    select * from {{ ref('segment_counts_daily') }}
),

with_day_before as (
    select
        *,
        lag(as_of_date) over (partition by entity, segment order by as_of_date) as day_before,
        lag(members) over (partition by entity, segment order by as_of_date) as members_before
    from counts
)

-- a segment that comes back after a time without a spec starts from nobody
select *
from with_day_before
where members <> case when day_before = {{ days_before('as_of_date', 1) }} then members_before else 0 end + entries - exits
    or members < 0
    or members > base

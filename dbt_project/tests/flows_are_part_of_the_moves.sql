-- No more subjects left a segment for another one, or joined it from one, than left or entered it in the period.
{{ config(meta={'dagster': {'ref': {'name': 'segment_flows'}}}) }}
with flows as (
    select * from {{ ref('segment_flows') }}
    {{ where_changed(['period_end']) }}
),

spells as (
    select * from {{ ref('segment_spells') }}
),

moves as (
    select entered_on as as_of_date, segment, 1 as entries, 0 as exits from spells
    union all
    select exited_on as as_of_date, segment, 0 as entries, 1 as exits from spells where exited_on is not null
)

select
    flows.from_segment,
    flows.to_segment,
    flows.grain,
    flows.period_start,
    flows.subjects
from flows
left join moves
    on moves.as_of_date between flows.period_start and flows.period_end
    and moves.segment in (flows.from_segment, flows.to_segment)
group by flows.from_segment, flows.to_segment, flows.grain, flows.period_start, flows.subjects
having flows.subjects > sum(case when moves.segment = flows.to_segment then moves.entries else 0 end)
        and flows.to_segment is not null
    or flows.subjects > sum(case when moves.segment = flows.from_segment then moves.exits else 0 end)
        and flows.from_segment is not null
    or flows.subjects <= 0

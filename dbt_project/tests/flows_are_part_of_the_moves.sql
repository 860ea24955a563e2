-- No more subjects left a segment for another one, or joined it from one, than left or entered it in the period.
{{ config(meta={'dagster': {'ref': {'name': 'segment_flows'}}}) }}
with flows as (
    select * from {{ ref('segment_flows') }}
    {{ where_changed(['period_end']) }}
),

moves as (
    select
        as_of_date,
        segment,
        count(case when transition = 'entered' then 1 end) as entries,
        count(case when transition = 'exited' then 1 end) as exits
    from {{ ref('segment_transitions') }}
    group by as_of_date, segment
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

-- The sizes made of transitions are the numbers of members in the kept daily table; without a spec, nobody is in.
{{ config(meta={'dagster': {'ref': {'name': 'segment_counts_daily'}}}) }}
with kept_counts as (
    select * from {{ ref('segment_counts_daily') }}
    where
        as_of_date >= {{ membership_from() }}
        -- of an entity that the catalog names no more, nothing but the counts is kept
        and entity in (select entity from {{ ref('entity_presence') }})
),

counts as (
    select * from kept_counts
    {{ where_changed(['as_of_date']) }}
),

daily as (
    select
        as_of_date,
        entity,
        segment,
        count(*) as members
    from {{ ref('segment_membership_daily') }}
    {{ where_changed(['as_of_date']) }}
    group by as_of_date, entity, segment
)

select
    coalesce(counts.as_of_date, daily.as_of_date) as as_of_date,
    coalesce(counts.segment, daily.segment) as segment,
    counts.members as counted,
    daily.members as listed
from counts
full outer join daily
    on daily.as_of_date = counts.as_of_date
    and daily.entity = counts.entity
    and daily.segment = counts.segment
where coalesce(counts.members, 0) <> coalesce(daily.members, 0)

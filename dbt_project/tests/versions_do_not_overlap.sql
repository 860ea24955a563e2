-- One definition of a segment holds at a time.
{{ config(meta={'dagster': {'ref': {'name': 'segment_versions'}}}) }}
with versions as (
    select * from {{ ref('segment_versions') }}
),

with_next as (
    select
        *,
        lead(valid_from) over (partition by segment order by valid_from) as next_valid_from
    from versions
)

select *
from with_next
where valid_to <= valid_from
    or (next_valid_from is not null and (valid_to is null or next_valid_from < valid_to))

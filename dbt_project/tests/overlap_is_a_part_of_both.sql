-- Who is in both is in each, a pair is the same in both orders, and Jaccard's share lies between 0 and 1.
{{ config(meta={'dagster': {'ref': {'name': 'segment_overlap'}}}) }}
with overlap as (
    select * from {{ ref('segment_overlap') }}
)

select
    overlap.segment,
    overlap.other_segment,
    overlap.in_both,
    reversed.in_both as in_both_reversed
from overlap
left join overlap as reversed
    on reversed.segment = overlap.other_segment
    and reversed.other_segment = overlap.segment
where reversed.segment is null
    or reversed.in_both <> overlap.in_both
    or overlap.in_both not between 0 and least(overlap.members, overlap.other_members)
    or overlap.in_either > overlap.base
    or overlap.jaccard not between 0 and 1

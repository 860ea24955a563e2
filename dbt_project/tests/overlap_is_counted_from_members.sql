-- The bits of a segment's blocks are as many as its members.
{{ config(meta={'dagster': {'ref': {'name': 'segment_overlap'}}}) }}
with blocks as (
    select
        segment,
        sum({{ common_bits('bits', 'bits') }}) as members
    from {{ ref('entity_blocks') }}
    group by segment
),

overlap as (
    select distinct
        segment,
        members
    from {{ ref('segment_overlap') }}
)

select
    overlap.segment,
    overlap.members,
    blocks.members as bits
from overlap
left join blocks
    on blocks.segment = overlap.segment
where overlap.members <> coalesce(blocks.members, 0)

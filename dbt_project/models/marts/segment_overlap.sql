with blocks as (
    select * from {{ ref('entity_blocks') }}
),

counts as (
    select * from {{ ref('segment_counts_daily') }}
    where as_of_date = {{ as_of() }}
),

common as (
    select
        blocks.entity,
        blocks.segment,
        other_blocks.segment as other_segment,
        sum({{ common_bits('blocks.bits', 'other_blocks.bits') }}) as in_both
    from blocks
    inner join blocks as other_blocks
        on other_blocks.entity = blocks.entity
        and other_blocks.block = blocks.block
        and other_blocks.segment > blocks.segment
    group by blocks.entity, blocks.segment, other_blocks.segment
),

pairs as (
    select
        counts.as_of_date,
        counts.entity,
        counts.segment,
        other_counts.segment as other_segment,
        counts.members,
        other_counts.members as other_members,
        coalesce(common.in_both, 0) as in_both,
        counts.base
    from counts
    inner join counts as other_counts
        on other_counts.entity = counts.entity
        and other_counts.segment <> counts.segment
    left join common
        on common.entity = counts.entity
        and common.segment = least(counts.segment, other_counts.segment)
        and common.other_segment = greatest(counts.segment, other_counts.segment)
)

select
    as_of_date,
    entity,
    segment,
    other_segment,
    members,
    other_members,
    cast(in_both as bigint) as in_both,
    cast(members + other_members - in_both as bigint) as in_either,
    base,
    {{ share_of('in_both', 'members') }} as share_of_members,
    {{ share_of('in_both', '(members + other_members - in_both)') }} as jaccard,
    cast(in_both * 1.0 * base / nullif(members * other_members, 0) as decimal(18, 6)) as lift
from pairs

{%- set grains = ['week', 'month'] %}
{%- set firsts = {'week': first_open_cohort_day('week'), 'month': first_open_cohort_day('month')} %}
{%- set followed = var('retention_periods') %}
{%- if followed > 59 %} {{ exceptions.raise_compiler_error('retention_periods is at most 59') }} {%- endif %}
with spells as (
    select * from {{ ref('segment_spells') }}
),

counts as (
    select * from {{ ref('segment_counts_daily') }}
),

definitions as (
    select * from {{ ref('segment_definitions') }}
),

activity as (
    select * from {{ ref('entity_activity') }}
),

-- segments of which there are no rows are followed from their beginning
begun as (
    {% if is_incremental() -%}
    select distinct segment from {{ this }}
    {%- else -%}
    select segment from definitions where false
    {%- endif %}
),

-- whom an edit let in was one of those before already, as far as the subject goes
open_spells as (
    select
        spells.*,
        spells.entry_observed and spells.entry_reason <> 'definition' as is_own_entry
    from spells
    left join begun
        on begun.segment = spells.segment
    where spells.entered_on >= {{ date_literal(firsts.values() | min) }} or begun.segment is null
),

-- whether a subject's stay is its first by itself in a week or a month: then it stands for the subject in that cohort
numbered as (
    select
        *,
        lag(case when is_own_entry then entered_on end) over (
            partition by entity, segment, subject_key
            order by entered_on
        ) as previous_entered_on
    from open_spells
),

stays as (
    select
        numbered.entity,
        numbered.segment,
        numbered.subject_key,
        numbered.entered_on,
        numbered.exited_on,
        {%- for grain in grains %}
        numbered.is_own_entry
        and (numbered.entered_on >= {{ date_literal(firsts[grain]) }} or begun.segment is null)
        and (
            numbered.previous_entered_on is null
            or {{ period_start(grain, 'numbered.previous_entered_on') }} <> {{ period_start(grain, 'numbered.entered_on') }}
        ) as opens_{{ grain }}{{ ',' if not loop.last }}
        {%- endfor %}
    from numbered
    left join begun
        on begun.segment = numbered.segment
),

members as (
    {%- for grain in grains %}
    select
        entity,
        segment,
        '{{ grain }}' as cohort_grain,
        {{ period_start(grain, 'entered_on') }} as cohort_start,
        {{ period_ordinal(grain, 'entered_on') }} as entry_period,
        subject_key,
        entered_on,
        exited_on
    from stays
    where opens_{{ grain }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

cohorts as (
    select
        entity,
        segment,
        cohort_grain,
        cohort_start,
        entry_period,
        count(*) as cohort_size
    from members
    group by entity, segment, cohort_grain, cohort_start, entry_period
),

-- from here on the stays of cohorts are only counted
exits as (
    select
        entity,
        segment,
        cohort_grain,
        cohort_start,
        exited_on as changed_on,
        -count(*) as still_in,
        0 as active_again
    from members
    where exited_on is not null
    group by entity, segment, cohort_grain, cohort_start, exited_on
),

later_stays as (
    select
        members.entity,
        members.segment,
        members.cohort_grain,
        members.cohort_start,
        stays.entered_on,
        stays.exited_on,
        count(*) as subjects
    from members
    inner join stays
        on stays.entity = members.entity
        and stays.segment = members.segment
        and stays.subject_key = members.subject_key
        and stays.entered_on > members.entered_on
    group by
        members.entity,
        members.segment,
        members.cohort_grain,
        members.cohort_start,
        stays.entered_on,
        stays.exited_on
),

moves as (
    select * from exits
    union all
    select entity, segment, cohort_grain, cohort_start, entered_on, 0, subjects
    from later_stays
    union all
    select entity, segment, cohort_grain, cohort_start, exited_on, 0, -subjects
    from later_stays
    where exited_on is not null
),

changes as (
    {%- for grain in grains %}
    select
        entity,
        segment,
        cohort_grain,
        cohort_start,
        {{ period_ordinal(grain, 'changed_on') }} as period,
        sum(still_in) as still_in,
        sum(active_again) as active_again
    from moves
    where cohort_grain = '{{ grain }}'
    group by 1, 2, 3, 4, 5
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- sixty periods to a number, whose bits are set where a subject was active
active_blocks as (
    {%- for grain in grains %}
    select
        entity,
        activity,
        subject_key,
        '{{ grain }}' as cohort_grain,
        cast(floor(period / 60) as integer) as block,
        bit_or(cast(1 as bigint) << cast(period % 60 as integer)) as bits
    from (
        select
            entity,
            activity,
            subject_key,
            {{ period_ordinal(grain, 'day') }} as period
        from activity
        where day >= (select min(cohort_start) from cohorts where cohort_grain = '{{ grain }}')
            and day < {{ date_literal(open_period_day(grain)) }}
    ) as active_days
    group by 1, 2, 3, 4, 5
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- the same from a cohort's own period on: the end of one number and the beginning of the next
active_members as (
    select
        members.entity,
        members.segment,
        members.cohort_grain,
        members.cohort_start,
        (
            (coalesce(own_blocks.bits, 0) >> members.entry_period % 60)
            + (
                coalesce(next_blocks.bits, 0) % (cast(1 as bigint) << members.entry_period % 60)
                << (60 - members.entry_period % 60)
            )
        ) % {{ 2 ** (followed + 1) }} as bits
    from members
    inner join definitions
        on definitions.segment = members.segment
    left join active_blocks as own_blocks
        on own_blocks.entity = members.entity
        and own_blocks.activity = definitions.activity
        and own_blocks.subject_key = members.subject_key
        and own_blocks.cohort_grain = members.cohort_grain
        and own_blocks.block = cast(floor(members.entry_period / 60) as integer)
    left join active_blocks as next_blocks
        on next_blocks.entity = members.entity
        and next_blocks.activity = definitions.activity
        and next_blocks.subject_key = members.subject_key
        and next_blocks.cohort_grain = members.cohort_grain
        and next_blocks.block = cast(floor(members.entry_period / 60) as integer) + 1
),

active_counts as (
    select
        entity,
        segment,
        cohort_grain,
        cohort_start,
        bits,
        count(*) as subjects
    from active_members
    where bits > 0
    group by entity, segment, cohort_grain, cohort_start, bits
),

-- the periods of which the segment has seen the last day
closed_periods as (
    {%- for grain in grains %}
    select
        entity,
        segment,
        '{{ grain }}' as cohort_grain,
        {{ period_ordinal(grain, 'as_of_date') }} as period,
        as_of_date as period_end
    from counts
    where {{ period_start(grain, days_before('as_of_date', -1)) }} = {{ days_before('as_of_date', -1) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

cohort_periods as (
    select
        cohorts.*,
        closed_periods.period,
        closed_periods.period - cohorts.entry_period as period_number,
        closed_periods.period_end
    from cohorts
    inner join closed_periods
        on closed_periods.entity = cohorts.entity
        and closed_periods.segment = cohorts.segment
        and closed_periods.cohort_grain = cohorts.cohort_grain
        and closed_periods.period between cohorts.entry_period and cohorts.entry_period + {{ followed }}
),

kept as (
    select
        cohort_periods.entity,
        cohort_periods.segment,
        cohort_periods.cohort_grain,
        cohort_periods.cohort_start,
        cohort_periods.period_number,
        cohort_periods.period_end,
        cohort_periods.cohort_size,
        cohort_periods.cohort_size + coalesce(sum(changes.still_in), 0) as still_in,
        coalesce(sum(changes.active_again), 0) as active_again
    from cohort_periods
    left join changes
        on changes.entity = cohort_periods.entity
        and changes.segment = cohort_periods.segment
        and changes.cohort_grain = cohort_periods.cohort_grain
        and changes.cohort_start = cohort_periods.cohort_start
        and changes.period <= cohort_periods.period
    group by 1, 2, 3, 4, 5, 6, 7
),

numbered_counts as (
    select
        cohort_periods.entity,
        cohort_periods.segment,
        cohort_periods.cohort_grain,
        cohort_periods.cohort_start,
        cohort_periods.period_number,
        active_counts.bits,
        active_counts.subjects,
        cast(1 as bigint) << cast(cohort_periods.period_number as integer) as bit
    from cohort_periods
    inner join active_counts
        on active_counts.entity = cohort_periods.entity
        and active_counts.segment = cohort_periods.segment
        and active_counts.cohort_grain = cohort_periods.cohort_grain
        and active_counts.cohort_start = cohort_periods.cohort_start
),

active_kept as (
    select
        entity,
        segment,
        cohort_grain,
        cohort_start,
        period_number,
        sum(case when bits & bit <> 0 then subjects else 0 end) as active,
        sum(case when bits >= bit then subjects else 0 end) as active_or_later,
        -- all bits from the first to this one, whatever the cohort's own is
        sum(
            case when bits & bit <> 0 and (bits | 1) % (bit * 2) = bit * 2 - 1 then subjects else 0 end
        ) as active_throughout
    from numbered_counts
    group by entity, segment, cohort_grain, cohort_start, period_number
)

select
    kept.entity,
    kept.segment,
    kept.cohort_grain,
    kept.cohort_start,
    cast(kept.period_number as integer) as period_number,
    kept.period_end,
    cast(kept.cohort_size as bigint) as cohort_size,
    cast(kept.still_in as bigint) as still_in,
    cast(kept.active_again as bigint) as active_again,
    {{ share_of('kept.still_in', 'kept.cohort_size') }} as share_still_in,
    nullif(definitions.activity, '') as activity
    {%- for column in ['active', 'active_or_later', 'active_throughout'] %},
    cast(case when definitions.activity <> '' then coalesce(active_kept.{{ column }}, 0) end as bigint) as {{ column }},
    {{ share_of(
        "case when definitions.activity <> '' then coalesce(active_kept." ~ column ~ ", 0) end", 'kept.cohort_size'
    ) }} as share_{{ column }}
    {%- endfor %}
from kept
left join definitions
    on definitions.segment = kept.segment
left join active_kept
    on active_kept.entity = kept.entity
    and active_kept.segment = kept.segment
    and active_kept.cohort_grain = kept.cohort_grain
    and active_kept.cohort_start = kept.cohort_start
    and active_kept.period_number = kept.period_number

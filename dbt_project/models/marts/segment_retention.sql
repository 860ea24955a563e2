{%- set grains = ['week', 'month'] %}
{%- set firsts = {'week': first_open_cohort_day('week'), 'month': first_open_cohort_day('month')} %}
{%- set followed = var('retention_periods') %}
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

open_spells as (
    select spells.*
    from spells
    left join begun
        on begun.segment = spells.segment
    where spells.entered_on >= {{ date_literal(firsts.values() | min) }} or begun.segment is null
),

-- whether a subject's stay is its first observed one in a week or a month: then it stands for the subject in that cohort
numbered as (
    select
        *,
        lag(case when entry_observed then entered_on end) over (
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
        numbered.entry_observed
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

-- the last active day of each subject in each closed period
active_periods as (
    {%- for grain in grains %}
    select
        entity,
        activity,
        subject_key,
        '{{ grain }}' as cohort_grain,
        {{ period_ordinal(grain, 'day') }} as period,
        max(day) as last_day
    from activity
    where day >= (select min(cohort_start) from cohorts where cohort_grain = '{{ grain }}')
        and day < {{ date_literal(open_period_day(grain)) }}
    group by 1, 2, 3, 4, 5
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

active_members as (
    select
        members.entity,
        members.segment,
        members.cohort_grain,
        members.cohort_start,
        active_periods.period - members.entry_period as period_number,
        row_number() over subject_periods - max(
            case when active_periods.period = members.entry_period then 1 else 0 end
        ) over subjects as number_after_entry,
        max(active_periods.period) over subjects - members.entry_period as last_period_number
    from members
    inner join definitions
        on definitions.segment = members.segment
    inner join active_periods
        on active_periods.entity = members.entity
        and active_periods.activity = definitions.activity
        and active_periods.subject_key = members.subject_key
        and active_periods.cohort_grain = members.cohort_grain
        and active_periods.period between members.entry_period and members.entry_period + {{ followed }}
        and active_periods.last_day >= members.entered_on
    window
        subjects as (
            partition by members.entity, members.segment, members.cohort_grain, members.cohort_start, members.subject_key
        ),
        subject_periods as (
            partition by members.entity, members.segment, members.cohort_grain, members.cohort_start, members.subject_key
            order by active_periods.period
        )
),

active_counts as (
    select
        entity,
        segment,
        cohort_grain,
        cohort_start,
        period_number,
        count(*) as active,
        count(case when number_after_entry = period_number then 1 end) as active_throughout,
        count(case when period_number = last_period_number then 1 end) as last_active
    from active_members
    group by entity, segment, cohort_grain, cohort_start, period_number
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

active_kept as (
    select
        cohort_periods.entity,
        cohort_periods.segment,
        cohort_periods.cohort_grain,
        cohort_periods.cohort_start,
        cohort_periods.period_number,
        sum(case when active_counts.period_number = cohort_periods.period_number then active_counts.active end) as active,
        sum(active_counts.last_active) as active_or_later,
        sum(
            case when active_counts.period_number = cohort_periods.period_number then active_counts.active_throughout end
        ) as active_throughout
    from cohort_periods
    inner join active_counts
        on active_counts.entity = cohort_periods.entity
        and active_counts.segment = cohort_periods.segment
        and active_counts.cohort_grain = cohort_periods.cohort_grain
        and active_counts.cohort_start = cohort_periods.cohort_start
        and active_counts.period_number >= cohort_periods.period_number
    group by 1, 2, 3, 4, 5
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

with spells as (
    select * from {{ ref('segment_spells') }}
),

counts as (
    select * from {{ ref('segment_counts_daily') }}
),

stays as (
    {%- for grain in ['week', 'month'] %}
    select
        entity,
        segment,
        subject_key,
        entered_on,
        entry_observed,
        '{{ grain }}' as cohort_grain,
        {{ period_start(grain, 'entered_on') }} as cohort_start,
        {{ period_ordinal(grain, 'entered_on') }} as entry_period,
        {{ period_ordinal(grain, 'exited_on') }} as exit_period
    from spells
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- the periods of which the segment has seen the last day
closed_periods as (
    {%- for grain in ['week', 'month'] %}
    select
        entity,
        segment,
        '{{ grain }}' as cohort_grain,
        {{ period_ordinal(grain, 'as_of_date') }} as period,
        as_of_date as period_end
    from counts
    where {{ period_start(grain, 'as_of_date') }} <> {{ period_start(grain, days_before('as_of_date', -1)) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

ranked as (
    select
        *,
        row_number() over (
            partition by entity, segment, cohort_grain, cohort_start, subject_key
            order by entered_on
        ) as entry_number
    from stays
    where entry_observed
),

first_stays as (
    select * from ranked where entry_number = 1
),

later_stays as (
    select
        first_stays.entity,
        first_stays.segment,
        first_stays.cohort_grain,
        first_stays.cohort_start,
        stays.entry_period,
        stays.exit_period
    from first_stays
    inner join stays
        on stays.entity = first_stays.entity
        and stays.segment = first_stays.segment
        and stays.subject_key = first_stays.subject_key
        and stays.cohort_grain = first_stays.cohort_grain
        and stays.entered_on > first_stays.entered_on
),

cohorts as (
    select
        entity,
        segment,
        cohort_grain,
        cohort_start,
        entry_period,
        count(*) as cohort_size
    from first_stays
    group by entity, segment, cohort_grain, cohort_start, entry_period
),

moves as (
    select entity, segment, cohort_grain, cohort_start, exit_period as period, -1 as still_in, 0 as active_again
    from first_stays
    where exit_period is not null
    union all
    select entity, segment, cohort_grain, cohort_start, entry_period as period, 0 as still_in, 1 as active_again
    from later_stays
    union all
    select entity, segment, cohort_grain, cohort_start, exit_period as period, 0 as still_in, -1 as active_again
    from later_stays
    where exit_period is not null
),

changes as (
    select
        entity,
        segment,
        cohort_grain,
        cohort_start,
        period,
        sum(still_in) as still_in,
        sum(active_again) as active_again
    from moves
    group by entity, segment, cohort_grain, cohort_start, period
),

retained as (
    select
        cohorts.entity,
        cohorts.segment,
        cohorts.cohort_grain,
        cohorts.cohort_start,
        closed_periods.period - cohorts.entry_period as period_number,
        closed_periods.period_end,
        cohorts.cohort_size,
        cohorts.cohort_size + coalesce(sum(changes.still_in), 0) as still_in,
        coalesce(sum(changes.active_again), 0) as active_again
    from cohorts
    inner join closed_periods
        on closed_periods.entity = cohorts.entity
        and closed_periods.segment = cohorts.segment
        and closed_periods.cohort_grain = cohorts.cohort_grain
        and closed_periods.period >= cohorts.entry_period
    left join changes
        on changes.entity = cohorts.entity
        and changes.segment = cohorts.segment
        and changes.cohort_grain = cohorts.cohort_grain
        and changes.cohort_start = cohorts.cohort_start
        and changes.period <= closed_periods.period
    group by
        cohorts.entity,
        cohorts.segment,
        cohorts.cohort_grain,
        cohorts.cohort_start,
        cohorts.entry_period,
        cohorts.cohort_size,
        closed_periods.period,
        closed_periods.period_end
)

select
    entity,
    segment,
    cohort_grain,
    cohort_start,
    cast(period_number as integer) as period_number,
    period_end,
    cast(cohort_size as bigint) as cohort_size,
    cast(still_in as bigint) as still_in,
    cast(active_again as bigint) as active_again,
    {{ share_of('still_in', 'cohort_size') }} as share_still_in
from retained

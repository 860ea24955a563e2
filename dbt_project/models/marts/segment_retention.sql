with spells as (
    select * from {{ ref('segment_spells') }}
),

counts as (
    select * from {{ ref('segment_counts_daily') }}
),

-- whether a subject's stay is its first observed one in a week or a month: then it stands for the subject in that cohort
numbered as (
    select
        *,
        lag(case when entry_observed then entered_on end) over (
            partition by entity, segment, subject_key
            order by entered_on
        ) as previous_entered_on
    from spells
),

stays as (
    select
        entity,
        segment,
        subject_key,
        entered_on,
        exited_on,
        {%- for grain in ['week', 'month'] %}
        entry_observed and (
            previous_entered_on is null
            or {{ period_start(grain, 'previous_entered_on') }} <> {{ period_start(grain, 'entered_on') }}
        ) as opens_{{ grain }}{{ ',' if not loop.last }}
        {%- endfor %}
    from numbered
),

-- from here on subjects are only counted
stays_by_day as (
    select
        entity,
        segment,
        entered_on,
        exited_on,
        opens_week,
        opens_month,
        count(*) as subjects
    from stays
    where opens_week or opens_month
    group by entity, segment, entered_on, exited_on, opens_week, opens_month
),

returns_by_day as (
    select
        stays.entity,
        stays.segment,
        stays.entered_on,
        stays.opens_week,
        stays.opens_month,
        later_stays.entered_on as returned_on,
        later_stays.exited_on as left_on,
        count(*) as subjects
    from stays
    inner join stays as later_stays
        on later_stays.entity = stays.entity
        and later_stays.segment = stays.segment
        and later_stays.subject_key = stays.subject_key
        and later_stays.entered_on > stays.entered_on
    where stays.opens_week or stays.opens_month
    group by
        stays.entity,
        stays.segment,
        stays.entered_on,
        stays.opens_week,
        stays.opens_month,
        later_stays.entered_on,
        later_stays.exited_on
),

cohorts as (
    {%- for grain in ['week', 'month'] %}
    select
        entity,
        segment,
        '{{ grain }}' as cohort_grain,
        {{ period_start(grain, 'entered_on') }} as cohort_start,
        {{ period_ordinal(grain, 'entered_on') }} as entry_period,
        sum(subjects) as cohort_size
    from stays_by_day
    where opens_{{ grain }}
    group by 1, 2, 3, 4, 5
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

moves as (
    {%- for grain in ['week', 'month'] %}
    select
        entity,
        segment,
        '{{ grain }}' as cohort_grain,
        {{ period_start(grain, 'entered_on') }} as cohort_start,
        {{ period_ordinal(grain, 'exited_on') }} as period,
        -subjects as still_in,
        0 as active_again
    from stays_by_day
    where opens_{{ grain }} and exited_on is not null
    union all
    {%- for day, change in [('returned_on', 'subjects'), ('left_on', '-subjects')] %}
    select
        entity,
        segment,
        '{{ grain }}' as cohort_grain,
        {{ period_start(grain, 'entered_on') }} as cohort_start,
        {{ period_ordinal(grain, day) }} as period,
        0 as still_in,
        {{ change }} as active_again
    from returns_by_day
    where opens_{{ grain }} and {{ day }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
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

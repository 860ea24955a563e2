with lengths as (
    select * from {{ ref('segment_stay_lengths') }}
),

ends as (
    select
        entity,
        segment,
        days,
        sum(stays) as stays,
        sum(case when is_exit then stays else 0 end) as exits
    from lengths
    group by entity, segment, days
),

longest as (
    select
        entity,
        segment,
        max(days) as longest_days,
        sum(stays) as observed_stays
    from ends
    group by entity, segment
),

every_day as (
    {{ each_number_to('longest', ['entity', 'segment', 'observed_stays'], 'longest_days', 'days') | indent(4) }}
),

counted as (
    select
        every_day.entity,
        every_day.segment,
        every_day.days,
        every_day.observed_stays - coalesce(sum(ends.stays) over (
            partition by every_day.entity, every_day.segment
            order by every_day.days
            rows between unbounded preceding and 1 preceding
        ), 0) as at_risk,
        coalesce(ends.exits, 0) as exits
    from every_day
    left join ends
        on ends.entity = every_day.entity
        and ends.segment = every_day.segment
        and ends.days = every_day.days
),

-- a product as a sum of logarithms; when everyone at risk has left there is nothing to take one of
summed as (
    select
        *,
        sum(case when exits < at_risk then ln(1 - exits * 1.0 / at_risk) end) over so_far as log_survival,
        sum(case when exits < at_risk then exits * 1.0 / (at_risk * (at_risk - exits)) end) over so_far as variance,
        max(case when exits < at_risk then 0 else 1 end) over so_far as are_all_gone
    from counted
    window so_far as (
        partition by entity, segment
        order by days
        rows unbounded preceding
    )
)

select
    entity,
    segment,
    cast(days as integer) as days_since_entry,
    cast(at_risk as bigint) as at_risk,
    cast(exits as bigint) as exits,
    cast(case when are_all_gone = 1 then 0 else exp(log_survival) end as decimal(9, 6)) as survival,
    {%- for column, sign in [('survival_low', '-'), ('survival_high', '+')] %}
    cast(
        case
            when are_all_gone = 1 then null
            when log_survival = 0 then 1
            else exp(-exp(ln(-log_survival) {{ sign }} 1.959964 * sqrt(variance) / log_survival))
        end as decimal(9, 6)
    ) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from summed

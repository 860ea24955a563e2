{%- set events = ['sent', 'delivered', 'opened', 'clicked', 'reached', 'removed', 'switched'] -%}
with cohorts as (
    select
        *,
        coalesce(variant, '') as branch,
        {{ dbt.datediff('enrolled_on', as_of(), 'day') }} as observed_days
    from {{ ref('audience_cohorts') }}
),

definitions as (
    {{ outcome_definitions() }}
),

shares as (
    {{ outcome_shares() }}
),

-- what happened to a cohort counts from its day on, until the cohort has not been observed for longer
changes as (
    select audience, branch, days, event, subjects as change from cohorts
    union all
    select audience, branch, observed_days + 1 as days, event, -subjects as change from cohorts
),

changed as (
    select
        audience,
        branch,
        days,
        sum(case when event = 'enrolled' then change else 0 end) as enrolled
        {%- for event in events %},
        sum(case when event = '{{ event }}' then change else 0 end) as {{ event }}
        {%- endfor %}
    from changes
    group by audience, branch, days
),

longest as (
    select
        audience,
        branch,
        max(case when observed_days < followed_days then observed_days else followed_days end) as longest_days
    from cohorts
    group by audience, branch
),

every_day as (
    {{ each_number_to('longest', ['audience', 'branch'], 'longest_days', 'days') | indent(4) }}
),

counted as (
    select
        every_day.audience,
        every_day.branch,
        every_day.days,
        sum(coalesce(changed.enrolled, 0)) over so_far as enrolled
        {%- for event in events %},
        sum(coalesce(changed.{{ event }}, 0)) over so_far as {{ event }}
        {%- endfor %}
    from every_day
    left join changed
        on changed.audience = every_day.audience
        and changed.branch = every_day.branch
        and changed.days = every_day.days
    window so_far as (
        partition by every_day.audience, every_day.branch
        order by every_day.days
        rows unbounded preceding
    )
),

known as (
    select
        counted.audience,
        counted.branch,
        counted.days,
        counted.enrolled,
        counted.removed,
        counted.switched,
        case when definitions.has_goal then counted.reached end as reached,
        case when definitions.has_goal then counted.reached * 1.0 / counted.enrolled end as rate,
        case when definitions.tells_sent then counted.sent end as sent,
        case when definitions.tells_delivered then counted.delivered end as delivered,
        case when definitions.tells_opened then counted.opened end as opened,
        case when definitions.tells_clicked then counted.clicked end as clicked,
        case
            when definitions.tells_delivered then counted.delivered
            when definitions.tells_sent then counted.sent
        end as received
    from counted
    inner join definitions
        on definitions.audience = counted.audience
),

bounded as (
    select
        *,
        {{ wilson_end('rate', 'enrolled', '-') | indent(8) }} as low,
        {{ wilson_end('rate', 'enrolled', '+') | indent(8) }} as high
    from known
),

-- everybody ever enrolled, by the variants that the split has now
sizes as (
    select
        shares.audience,
        shares.variant,
        shares.share,
        coalesce(sum(cohorts.subjects), 0) as members
    from shares
    left join cohorts
        on cohorts.audience = shares.audience
        and cohorts.branch = shares.variant
        and cohorts.event = 'enrolled'
    group by shares.audience, shares.variant, shares.share
),

totals as (
    select
        *,
        sum(members) over (partition by audience) as total
    from sizes
),

balance as (
    select
        audience,
        variant,
        {{ fits_share('members', 'total', 'share') | indent(8) }} as balanced
    from totals
)

select
    treated.audience,
    nullif(treated.branch, '') as variant,
    cast(treated.days as integer) as days_since_first_sent,
    cast(treated.enrolled as bigint) as enrolled,
    cast(treated.sent as bigint) as sent,
    cast(treated.delivered as bigint) as delivered,
    cast(treated.opened as bigint) as opened,
    cast(treated.clicked as bigint) as clicked,
    cast(treated.reached as bigint) as reached_goal,
    cast(treated.removed as bigint) as left_audience,
    cast(treated.switched as bigint) as switched,
    {{ share_of('treated.opened', 'treated.received') }} as open_rate,
    {{ share_of('treated.clicked', 'treated.received') }} as click_rate,
    cast(treated.rate as decimal(9, 6)) as goal_rate,
    cast(treated.low as decimal(9, 6)) as goal_rate_low,
    cast(treated.high as decimal(9, 6)) as goal_rate_high,
    cast(treated.rate - held_out.rate as decimal(9, 6)) as lift,
    cast({{ newcombe_end('treated', 'held_out', '-') }} as decimal(9, 6)) as lift_low,
    cast({{ newcombe_end('treated', 'held_out', '+') }} as decimal(9, 6)) as lift_high,
    cast(treated.rate / nullif(held_out.rate, 0) - 1 as decimal(18, 6)) as relative_lift,
    cast(
        {{ detectable_rise('held_out.rate', 'treated.enrolled', 'held_out.enrolled') }} as decimal(9, 6)
    ) as minimum_detectable_lift,
    balance.balanced
from bounded as treated
left join bounded as held_out
    on held_out.audience = treated.audience
    and held_out.days = treated.days
    and held_out.branch = 'holdout'
    and treated.branch <> 'holdout'
left join balance
    on balance.audience = treated.audience
    and balance.variant = treated.branch

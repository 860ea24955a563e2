-- Survival falls from at most 1 to at least 0 inside its interval, and all who leave are among those at risk.
{{ config(meta={'dagster': {'ref': {'name': 'segment_survival'}}}) }}
with survival as (
    select * from {{ ref('segment_survival') }}
),

with_day_before as (
    select
        *,
        lag(survival, 1, 1) over (partition by segment order by days_since_entry) as survival_before,
        lag(at_risk - exits, 1, at_risk) over (partition by segment order by days_since_entry) as left_over
    from survival
)

select *
from with_day_before
where survival not between 0 and survival_before
    or at_risk > left_over
    or exits not between 0 and at_risk
    or survival not between survival_low and survival_high

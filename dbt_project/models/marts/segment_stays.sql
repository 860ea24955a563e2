with lengths as (
    select * from {{ ref('segment_stay_lengths') }}
),

survival as (
    select * from {{ ref('segment_survival') }}
),

versions as (
    select * from {{ ref('segment_versions') }}
),

known as (
    select distinct entity, segment
    from versions
),

counted as (
    select
        entity,
        segment,
        sum(stays) as observed_stays,
        sum(case when is_exit then stays else 0 end) as ended,
        max(days) as longest_days
    from lengths
    group by entity, segment
),

quantiles as (
    select
        entity,
        segment,
        min(case when survival <= 0.75 then days_since_entry end) as quarter_left_days,
        min(case when survival <= 0.5 then days_since_entry end) as median_stay_days,
        min(case when survival <= 0.25 then days_since_entry end) as three_quarters_left_days
    from survival
    group by entity, segment
)

select
    known.entity,
    known.segment,
    cast(coalesce(counted.observed_stays, 0) as bigint) as observed_stays,
    cast(coalesce(counted.ended, 0) as bigint) as ended,
    cast(coalesce(counted.observed_stays - counted.ended, 0) as bigint) as censored,
    quantiles.quarter_left_days,
    quantiles.median_stay_days,
    quantiles.three_quarters_left_days,
    counted.longest_days
from known
left join counted
    on counted.entity = known.entity
    and counted.segment = known.segment
left join quantiles
    on quantiles.entity = known.entity
    and quantiles.segment = known.segment

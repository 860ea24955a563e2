with baskets as (
    select * from {{ ref('baskets') }}
),

household_campaigns as (
    select * from {{ ref('household_campaigns') }}
),

demographics as (
    select * from {{ source('raw_retail', 'demographics') }}
),

first_baskets as (
    select
        household_id,
        min(purchased_at) as first_seen_at
    from baskets
    group by household_id
),

known as (
    select household_id from first_baskets
    union
    select household_id from household_campaigns
    union
    select household_id from demographics
)

select
    known.household_id,
    first_baskets.first_seen_at,
    demographics.age as age_group,
    demographics.income as income_group,
    demographics.home_ownership,
    demographics.marital_status,
    demographics.household_size,
    demographics.household_comp as composition,
    demographics.kids_count
from known
left join first_baskets
    on known.household_id = first_baskets.household_id
left join demographics
    on known.household_id = demographics.household_id

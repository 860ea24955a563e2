with households as (
    select
        household_id,
        {{ local_day('first_seen_at') }} as first_seen_on
    from {{ ref('households') }}
),

campaigns as (
    select
        campaign_id,
        campaign_type,
        {{ local_day('starts_at') }} as starts_on,
        {{ local_day('ends_at') }} as ends_on
    from {{ ref('campaigns') }}
    where {{ local_day('starts_at') }} <= {{ as_of() }}
),

household_campaigns as (
    select * from {{ ref('household_campaigns') }}
),

redemptions as (
    select
        household_id,
        {{ local_day('redeemed_at') }} as redeemed_on
    from {{ ref('coupon_redemptions') }}
    where {{ local_day('redeemed_at') }} <= {{ as_of() }}
),

baskets as (
    select
        household_id,
        {{ local_day('purchased_at') }} as purchased_on,
        amount
    from {{ ref('baskets') }}
),

-- whoever shopped before a campaign could have been chosen for it
candidates as (
    select
        campaigns.campaign_id,
        campaigns.starts_on,
        campaigns.ends_on,
        households.household_id,
        household_campaigns.household_id is not null as is_reached
    from campaigns
    inner join households
        on households.first_seen_on < campaigns.starts_on
    left join household_campaigns
        on household_campaigns.campaign_id = campaigns.campaign_id
        and household_campaigns.household_id = households.household_id
),

redeemers as (
    select distinct
        candidates.campaign_id,
        candidates.household_id
    from candidates
    inner join redemptions
        on redemptions.household_id = candidates.household_id
        and redemptions.redeemed_on between candidates.starts_on and candidates.ends_on
),

spending as (
    select
        candidates.campaign_id,
        candidates.household_id,
        sum(baskets.amount) as spend
    from candidates
    inner join baskets
        on baskets.household_id = candidates.household_id
        and baskets.purchased_on >= {{ days_before('candidates.starts_on', 28) }}
        and baskets.purchased_on < candidates.starts_on
    group by candidates.campaign_id, candidates.household_id
),

counted as (
    select
        candidates.campaign_id,
        candidates.is_reached,
        count(*) as households,
        count(redeemers.household_id) as redeemed,
        count(redeemers.household_id) * 1.0 / count(*) as rate,
        coalesce(sum(spending.spend), 0) / count(*) as spend
    from candidates
    left join redeemers
        on redeemers.campaign_id = candidates.campaign_id
        and redeemers.household_id = candidates.household_id
    left join spending
        on spending.campaign_id = candidates.campaign_id
        and spending.household_id = candidates.household_id
    group by candidates.campaign_id, candidates.is_reached
),

bounded as (
    select
        *,
        {{ wilson_end('rate', 'households', '-') | indent(8) }} as low,
        {{ wilson_end('rate', 'households', '+') | indent(8) }} as high
    from counted
)

select
    campaigns.campaign_id,
    campaigns.campaign_type,
    campaigns.starts_on,
    campaigns.ends_on,
    cast(reached.households as bigint) as reached_households,
    cast(others.households as bigint) as other_households,
    cast(reached.redeemed as bigint) as reached_redeemed,
    cast(others.redeemed as bigint) as others_redeemed,
    cast(reached.rate as decimal(9, 6)) as reached_rate,
    cast(others.rate as decimal(9, 6)) as others_rate,
    cast(reached.rate - others.rate as decimal(9, 6)) as difference,
    cast({{ newcombe_end('reached', 'others', '-') }} as decimal(9, 6)) as difference_low,
    cast({{ newcombe_end('reached', 'others', '+') }} as decimal(9, 6)) as difference_high,
    cast(reached.spend as decimal(18, 2)) as reached_spend_before,
    cast(others.spend as decimal(18, 2)) as others_spend_before
from campaigns
inner join bounded as reached
    on reached.campaign_id = campaigns.campaign_id
    and reached.is_reached
inner join bounded as others
    on others.campaign_id = campaigns.campaign_id
    and not others.is_reached

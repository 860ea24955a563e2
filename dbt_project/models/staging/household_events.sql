{{ config(materialized='table') }}

with baskets as (
    select * from {{ ref('baskets') }}
),

coupon_redemptions as (
    select * from {{ ref('coupon_redemptions') }}
),

household_campaigns as (
    select * from {{ ref('household_campaigns') }}
),

purchases as (
    select
        'purchase-' || basket_id as event_id,
        household_id,
        'purchase' as event_name,
        purchased_at as occurred_at,
        amount,
        discount,
        items,
        store_id,
        cast(null as bigint) as campaign_id,
        cast(null as varchar) as campaign_type
    from baskets
),

redemptions as (
    select
        'redemption-' || household_id || '-' || coupon_upc || '-' || campaign_id || '-' || cast(redeemed_at as date) as event_id,
        household_id,
        'coupon_redeemed' as event_name,
        redeemed_at as occurred_at,
        cast(null as decimal(18, 2)) as amount,
        cast(null as decimal(18, 2)) as discount,
        cast(null as bigint) as items,
        cast(null as bigint) as store_id,
        campaign_id,
        campaign_type
    from coupon_redemptions
),

receipts as (
    select
        'campaign-' || campaign_id || '-' || household_id as event_id,
        household_id,
        'campaign_received' as event_name,
        starts_at as occurred_at,
        cast(null as decimal(18, 2)) as amount,
        cast(null as decimal(18, 2)) as discount,
        cast(null as bigint) as items,
        cast(null as bigint) as store_id,
        campaign_id,
        campaign_type
    from household_campaigns
)

select * from purchases
union all
select * from redemptions
union all
select * from receipts

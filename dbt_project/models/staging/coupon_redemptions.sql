with coupon_redemptions as (
    select * from {{ source('raw_retail', 'coupon_redemptions') }}
),

campaigns as (
    select * from {{ ref('campaigns') }}
)

select
    coupon_redemptions.household_id,
    coupon_redemptions.coupon_upc,
    coupon_redemptions.campaign_id,
    campaigns.campaign_type,
    -- The source has local dates; 17:00 UTC is noon or 13:00 in New York on that day.
    coupon_redemptions.redemption_date + interval '17 hours' as redeemed_at
from coupon_redemptions
inner join campaigns
    on coupon_redemptions.campaign_id = campaigns.campaign_id

with coupons as (
    select * from {{ source('raw_retail', 'coupons') }}
)

select distinct
    coupon_upc,
    product_id,
    campaign_id
from coupons

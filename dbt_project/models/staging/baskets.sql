{{ config(materialized='table') }}

with transactions as (
    select * from {{ source('raw_retail', 'transactions') }}
)

select
    basket_id,
    household_id,
    store_id,
    transaction_timestamp as purchased_at,
    count(*) as items,
    cast(sum(cast(sales_value as decimal(18, 2))) as decimal(18, 2)) as amount,
    cast(
        sum(
            cast(retail_disc as decimal(18, 2))
            + cast(coupon_disc as decimal(18, 2))
            + cast(coupon_match_disc as decimal(18, 2))
        ) as decimal(18, 2)
    ) as discount
from transactions
group by basket_id, household_id, store_id, transaction_timestamp

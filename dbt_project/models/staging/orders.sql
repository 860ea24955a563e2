with orders as (
    select * from {{ source('raw_saas', 'orders') }}
)

select
    order_id,
    person_id,
    ordered_at,
    amount,
    items,
    kind,
    status
from orders

with products as (
    select * from {{ source('raw_retail', 'products') }}
)

select
    product_id,
    manufacturer_id,
    department,
    brand,
    product_category,
    product_type,
    package_size
from products

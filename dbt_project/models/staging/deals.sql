with deals as (
    select * from {{ source('raw_saas', 'deals') }}
)

select
    deal_id,
    company_id,
    person_id,
    created_at,
    expected_close_at,
    closed_at,
    stage,
    amount
from deals

with membership as (
    select * from {{ ref('entity_membership_daily') }}
)

select
    as_of_date,
    entity,
    segment,
    subject_key
from membership

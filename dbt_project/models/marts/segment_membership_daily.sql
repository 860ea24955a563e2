with membership as (
    select * from {{ ref('entity_membership_daily') }}
),

reconstructed as (
    select * from {{ reconstructed() }}
)

select
    membership.as_of_date,
    membership.entity,
    membership.segment,
    membership.subject_key,
    {{ basis('reconstructed') }} as basis
from membership
left join reconstructed
    on reconstructed.as_of_date = membership.as_of_date
    and reconstructed.segment = membership.segment

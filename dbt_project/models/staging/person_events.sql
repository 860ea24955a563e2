with events as (
    select * from {{ source('raw_saas', 'events') }}
)

select
    event_id,
    person_id,
    event_name,
    occurred_at,
    device,
    format,
    amount,
    quantity,
    plan
from events

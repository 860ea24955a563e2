with tickets as (
    select * from {{ source('raw_saas', 'tickets') }}
)

select
    ticket_id,
    person_id,
    company_id,
    conversation_id,
    created_at,
    resolved_at,
    status,
    priority,
    category
from tickets

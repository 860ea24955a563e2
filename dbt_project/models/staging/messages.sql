with messages as (
    select * from {{ source('raw_saas', 'messages') }}
)

select
    message_id,
    person_id,
    kind,
    channel,
    sent_at,
    delivered_at,
    opened_at,
    clicked_at
from messages

with conversations as (
    select * from {{ source('raw_saas', 'conversations') }}
)

select
    conversation_id,
    person_id,
    company_id,
    started_at,
    closed_at,
    state,
    channel,
    rating,
    first_reply_minutes,
    tags
from conversations

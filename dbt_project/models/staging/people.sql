with people as (
    select * from {{ source('raw_saas', 'people') }}
)

select
    person_id,
    valid_from,
    valid_to,
    external_id,
    email,
    role,
    created_at,
    signed_up_at,
    last_seen_at,
    plan,
    subscription_status,
    trial_ends_at,
    country,
    language,
    acquisition_channel,
    birth_date,
    photo_count,
    photo_limit,
    app_downloaded,
    total_spend,
    lead_score,
    accepts_marketing,
    email_bounced,
    tags
from people

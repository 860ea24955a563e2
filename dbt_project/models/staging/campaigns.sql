with campaign_descriptions as (
    select * from {{ source('raw_retail', 'campaign_descriptions') }}
)

select
    campaign_id,
    campaign_type,
    -- The source has local dates; 17:00 UTC is noon or 13:00 in New York on that day.
    start_date + interval '17 hours' as starts_at,
    end_date + interval '17 hours' as ends_at
from campaign_descriptions

with received as (
    select * from {{ source('raw_retail', 'campaigns') }}
),

campaigns as (
    select * from {{ ref('campaigns') }}
)

select
    received.household_id,
    received.campaign_id,
    campaigns.campaign_type,
    campaigns.starts_at,
    campaigns.ends_at
from received
inner join campaigns
    on received.campaign_id = campaigns.campaign_id

with tags as (
    select * from {{ source('raw_saas', 'tags') }}
)

select
    tag_id,
    name,
    created_at
from tags

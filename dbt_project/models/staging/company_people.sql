with company_people as (
    select * from {{ source('raw_saas', 'company_people') }}
)

select
    person_id,
    company_id
from company_people

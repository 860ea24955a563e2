with companies as (
    select * from {{ source('raw_saas', 'companies') }}
)

select
    company_id,
    valid_from,
    valid_to,
    name,
    domain,
    industry,
    country,
    plan,
    employee_count,
    monthly_spend,
    created_at,
    renews_at,
    archived,
    tags
from companies

with companies as (
    select * from {{ ref('companies') }}
    where
        {{ held_as_of('created_at') }}
        and not archived
),

people as (
    select * from {{ ref('people') }}
    where {{ held_as_of('created_at') }}
),

company_people as (
    select * from {{ ref('company_people') }}
),

attached as (
    select
        company_people.company_id,
        count(distinct people.person_id) as people
    from company_people
    inner join people
        on people.person_id = company_people.person_id
    group by company_people.company_id
)

select
    companies.company_id,
    companies.name,
    coalesce(attached.people, 0) as people
from companies
left join attached
    on attached.company_id = companies.company_id

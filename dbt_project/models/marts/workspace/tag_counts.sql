with tags as (
    select * from {{ ref('tags') }}
    where {{ local_day('created_at') }} <= {{ as_of() }}
),

people as (
    select * from {{ ref('people') }}
    where {{ held_as_of('created_at') }}
),

companies as (
    select * from {{ ref('companies') }}
    where
        {{ held_as_of('created_at') }}
        and not archived
),

conversations as (
    select * from {{ ref('conversations') }}
    where
        {{ local_day('started_at') }} <= {{ as_of() }}
        or started_at is null
),

person_tags as (
    {{ each_element('people', 'person_id', 'tags') }}
),

company_tags as (
    {{ each_element('companies', 'company_id', 'tags') }}
),

conversation_tags as (
    {{ each_element('conversations', 'conversation_id', 'tags') }}
),

carried as (
    select name as tag, null as person_id, null as company_id, null as conversation_id from tags
    union all
    select element as tag, person_id, null as company_id, null as conversation_id from person_tags
    union all
    select element as tag, null as person_id, company_id, null as conversation_id from company_tags
    union all
    select element as tag, null as person_id, null as company_id, conversation_id from conversation_tags
)

select
    tag,
    count(distinct person_id) as people,
    count(distinct company_id) as companies,
    count(distinct conversation_id) as conversations
from carried
where tag is not null
group by tag

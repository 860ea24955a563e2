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
    select element as tag, 'person' as carrier, {{ key_text('person_id') }} as carrier_key from person_tags
    union all
    select element as tag, 'company' as carrier, {{ key_text('company_id') }} as carrier_key from company_tags
    union all
    select element as tag, 'conversation' as carrier, {{ key_text('conversation_id') }} as carrier_key
    from conversation_tags
),

known as (
    select name as tag from tags
    union
    select tag from carried where tag is not null
)

select
    known.tag,
    count(distinct case when carried.carrier = 'person' then carried.carrier_key end) as people,
    count(distinct case when carried.carrier = 'company' then carried.carrier_key end) as companies,
    count(distinct case when carried.carrier = 'conversation' then carried.carrier_key end) as conversations
from known
left join carried
    on carried.tag = known.tag
group by known.tag

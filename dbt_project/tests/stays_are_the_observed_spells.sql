-- Every stay whose entry was observed is counted once, however it ended.
{{ config(meta={'dagster': {'ref': {'name': 'segment_stays'}}}) }}
with stays as (
    select * from {{ ref('segment_stays') }}
),

spells as (
    select
        segment,
        count(*) as spells
    from {{ ref('segment_spells') }}
    where entry_observed and entry_reason <> 'definition'
    group by segment
)

select
    stays.segment,
    stays.observed_stays,
    spells.spells
from stays
left join spells
    on spells.segment = stays.segment
where stays.observed_stays <> coalesce(spells.spells, 0)
    or stays.ended + stays.censored <> stays.observed_stays

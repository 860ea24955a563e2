-- One row per person, tag and stay of the tag.
create temp table sample_people_tags as
with candidates as (
    select
        person_no,
        person_no * 16 + tag_no as tagging_no,
        tags.tag,
        tags.share,
        greatest(created_day, -60) as first_day
    from sample_people
    cross join (
        values
            (1, 'VIP', 0.04), (2, 'Champion', 0.03), (3, 'Newsletter', 0.22), (4, 'Beta', 0.05), (5, 'Partner', 0.02),
            (6, 'Webinar 2017', 0.06), (7, 'Churn risk', 0.05), (8, 'Do not contact', 0.02), (9, 'Feedback', 0.05)
    ) as tags (tag_no, tag, share)
),

added as (
    select
        *,
        first_day + 1 + floor(draw(tagging_no, 'tag added') * 400)::bigint as added_day,
        (8 + 12 * draw(tagging_no, 'tag time')) * 3600 as second
    from candidates
    where draw(tagging_no, 'tagged') < share
)

select
    person_no,
    tag,
    moment(added_day, second) as added_at,
    case when draw(tagging_no, 'tag goes') < 0.25
        then moment(added_day + 10 + floor(draw(tagging_no, 'tag gone') * 90)::bigint, second)
    end as removed_at
from added
where added_day <= 364;

create temp table sample_people_tag_lists as
with turns as (
    select person_no, added_at as changed_at from sample_people_tags
    union
    select person_no, removed_at from sample_people_tags where removed_at < moment(365, 0)
)

select
    turns.person_no,
    turns.changed_at,
    coalesce(
        list(tagged.tag order by tagged.tag) filter (where tagged.removed_at is null or tagged.removed_at > turns.changed_at), []
    ) as tags
from turns
inner join sample_people_tags as tagged
    on turns.person_no = tagged.person_no and turns.changed_at >= tagged.added_at
group by turns.person_no, turns.changed_at;

-- One row per person: what never changes about them.
create temp table sample_profiles as
select
    person_no,
    'ext-' || person_no as external_id,
    case
        when not began_as_lead or draw(person_no, 'has e-mail') < 0.7
            then person_id || '@' || pick(draw(person_no, 'mailbox'), ['example.com', 'example.com', 'example.org', 'example.net'])
    end as email,
    pick(draw(person_no, 'country'), ['US', 'US', 'US', 'US', 'GB', 'DE', 'FR', 'IE', 'NO', 'BR', 'IN', 'JP', 'AU', null]) as country,
    pick(draw(person_no, 'language'), ['en', 'en', 'en', 'en', 'de', 'fr', 'no', 'pt', 'ja', null]) as language,
    pick(draw(person_no, 'channel'), ['organic', 'organic', 'paid_search', 'referral', 'partner', 'event']) as acquisition_channel,
    case when draw(person_no, 'gives birth date') < 0.3
        then date '1950-01-01' + floor(draw(person_no, 'birth date') * 18000)::integer
    end as birth_date,
    floor(draw(person_no, 'lead score') * 20)::integer as first_score,
    case when draw(person_no, 'consent') < 0.6 then true when draw(person_no, 'consent') < 0.85 then false end as first_consent
from sample_people;

-- One row per person and instant at which anything about them changed; null means unchanged.
create temp table sample_people_changes as
with seen as (
    select
        person_no,
        max(occurred_at) as changed_at,
        count(*) filter (where event_name = 'logged_in') as visits,
        count(*) filter (where event_name = 'pricing_viewed') as pricing_views,
        coalesce(sum(quantity), 0)::bigint as photos
    from sample_events
    group by person_no, day
),

spent as (
    select
        people.person_no,
        orders.ordered_at as changed_at,
        sum(orders.amount) as amount
    from raw_saas.orders as orders
    inner join sample_people as people using (person_id)
    where orders.status = 'paid'
    group by people.person_no, orders.ordered_at
),

planned as (
    select
        person_no,
        changed_at,
        {'plan': plan, 'status': status, 'trial_ends_at': trial_ends_at} as subscription
    from sample_plan_changes
),

downloaded as (
    select
        person_no,
        moment(floor(greatest(user_day, 0) + 1 + draw(person_no, 'download') * 200)::bigint, 70000) as changed_at
    from sample_people
    where user_day is not null and draw(person_no, 'downloads') < 0.45
),

consented as (
    select
        person_no,
        moment(greatest(created_day, 0) + 20 + floor(draw(person_no, 'consent day') * 340)::bigint, 60000) as changed_at,
        draw(person_no, 'consent turns') < 0.03 as accepts_marketing
    from sample_people
    where draw(person_no, 'consent turns') < 0.09
),

bounced as (
    select
        person_no,
        moment(greatest(created_day, 0) + floor(draw(person_no, 'bounce day') * 365)::bigint, 80000) as changed_at
    from sample_people
    where draw(person_no, 'bounces') < 0.03
),

changes as (
    select
        person_no, created_at as changed_at, null::timestamp as seen_at, 0 as visits, 0 as pricing_views, 0 as photos,
        null::decimal(18, 2) as spent, null::struct(plan varchar, status varchar, trial_ends_at timestamp) as subscription,
        null::boolean as app_downloaded, null::boolean as accepts_marketing, null::boolean as email_bounced,
        null::varchar[] as tags
    from sample_people
    union all
    select person_no, changed_at, changed_at, visits, pricing_views, photos, null, null, null, null, null, null from seen
    union all
    select person_no, changed_at, null, 0, 0, 0, amount, null, null, null, null, null from spent
    union all
    select person_no, changed_at, null, 0, 0, 0, null, subscription, null, null, null, null from planned
    union all
    select person_no, changed_at, null, 0, 0, 0, null, null, true, null, null, null from downloaded
    union all
    select person_no, changed_at, null, 0, 0, 0, null, null, null, accepts_marketing, null, null from consented
    union all
    select person_no, changed_at, null, 0, 0, 0, null, null, null, null, true, null from bounced
    union all
    select person_no, changed_at, null, 0, 0, 0, null, null, null, null, null, tags from sample_people_tag_lists
    union all
    select person_no, moment(back_day, 23000), null, 0, 0, 0, null, null, null, null, null, null
    from sample_people
    where back_day <= 364
)

select
    person_no,
    changed_at,
    max(seen_at) as seen_at,
    sum(visits) as visits,
    sum(pricing_views) as pricing_views,
    sum(photos) as photos,
    coalesce(sum(spent), 0) as spent,
    any_value(subscription) as subscription,
    any_value(app_downloaded) as app_downloaded,
    any_value(accepts_marketing) as accepts_marketing,
    any_value(email_bounced) as email_bounced,
    any_value(tags) as tags
from changes
where changed_at < moment(365, 0)
group by person_no, changed_at;

-- One row per person and stretch of time in which nothing about them changed.
create table raw_saas.people as
with carried as (
    select
        person_no,
        changed_at,
        lead(changed_at) over later as next_change_at,
        last_value(seen_at ignore nulls) over so_far as last_seen_at,
        last_value(subscription ignore nulls) over so_far as subscription,
        coalesce(last_value(app_downloaded ignore nulls) over so_far, false) as app_downloaded,
        last_value(accepts_marketing ignore nulls) over so_far as changed_consent,
        coalesce(last_value(email_bounced ignore nulls) over so_far, false) as email_bounced,
        coalesce(last_value(tags ignore nulls) over so_far, []) as tags,
        sum(visits) over so_far as visits,
        sum(pricing_views) over so_far as pricing_views,
        sum(photos) over so_far as photos,
        sum(spent) over so_far as total_spend
    from sample_people_changes
    window
        later as (partition by person_no order by changed_at),
        so_far as (partition by person_no order by changed_at rows between unbounded preceding and current row)
),

present as (
    select
        carried.*,
        people.* exclude (person_no),
        case
            when carried.changed_at < moment(people.away_day, 23000)
                then least(coalesce(carried.next_change_at, moment(people.away_day, 23000)), moment(people.away_day, 23000))
            else carried.next_change_at
        end as gone_at
    from carried
    inner join sample_people as people using (person_no)
    where
        people.away_day is null
        or carried.changed_at < moment(people.away_day, 23000)
        or carried.changed_at >= moment(people.back_day, 23000)
)

select
    present.person_id,
    present.changed_at as valid_from,
    present.gone_at as valid_to,
    profiles.external_id,
    profiles.email,
    case when subscription is null then 'lead' else 'user' end as role,
    present.created_at,
    case when subscription is not null then moment(present.user_day, present.created_second) end as signed_up_at,
    present.last_seen_at,
    subscription.plan as plan,
    coalesce(subscription.status, 'none') as subscription_status,
    subscription.trial_ends_at as trial_ends_at,
    profiles.country,
    profiles.language,
    profiles.acquisition_channel,
    profiles.birth_date,
    present.photos::bigint as photo_count,
    case subscription.plan when 'free' then 100 when 'starter' then 300 when 'pro' then 1000 when 'enterprise' then 10000 end
        as photo_limit,
    case when subscription is not null then present.app_downloaded end as app_downloaded,
    present.total_spend::decimal(18, 2) as total_spend,
    least(100, profiles.first_score + present.visits + 5 * present.pricing_views)::integer as lead_score,
    coalesce(present.changed_consent, profiles.first_consent) as accepts_marketing,
    present.email_bounced,
    present.tags
from present
inner join sample_profiles as profiles using (person_no)
order by person_no, changed_at;

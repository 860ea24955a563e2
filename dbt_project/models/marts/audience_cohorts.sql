with definitions as (
    {{ outcome_definitions() }}
),

enrolments as (
    select * from {{ ref('audience_enrolments') }}
),

goals as (
    select * from {{ ref('audience_goals') }}
),

messages as (
    select * from {{ ref('audience_messages') }}
),

kept as (
    {{ kept_cohorts() }}
),

enrolled as (
    select
        enrolments.*,
        definitions.definition,
        definitions.followed_days
    from enrolments
    inner join definitions
        on definitions.audience = enrolments.audience
    left join kept
        on kept.audience = enrolments.audience
        and kept.enrolled_on = enrolments.enrolled_on
    where kept.audience is null
),

their_messages as (
    select
        enrolled.audience,
        enrolled.subject_key,
        messages.sent_on,
        messages.delivered_on,
        messages.opened_on,
        messages.clicked_on
    from enrolled
    inner join messages
        on messages.audience = enrolled.audience
        and messages.subject_key = enrolled.subject_key
        and messages.sent_on >= enrolled.enrolled_on
),

-- what was clicked was opened, and what was opened was delivered, whatever was recorded of that; and nothing was before
-- it was sent
happened as (
    select audience, subject_key, 'enrolled' as event, enrolled_on as happened_on from enrolled
    union all
    select audience, subject_key, 'removed' as event, left_on as happened_on from enrolled
    union all
    select audience, subject_key, 'switched' as event, switched_on as happened_on from enrolled
    union all
    select audience, subject_key, 'reached' as event, reached_on as happened_on from goals
    union all
    select audience, subject_key, 'sent' as event, sent_on as happened_on from their_messages
    {%- for event, days in {
      'delivered': ['delivered_on', 'opened_on', 'clicked_on'],
      'opened': ['opened_on', 'clicked_on'],
      'clicked': ['clicked_on']
    }.items() %}
    {%- for day in days %}
    union all
    select
        audience,
        subject_key,
        '{{ event }}' as event,
        case when {{ day }} < sent_on then sent_on else {{ day }} end as happened_on
    from their_messages
    where {{ day }} is not null
    {%- endfor %}
    {%- endfor %}
),

first_happened as (
    select
        enrolled.audience,
        enrolled.variant,
        enrolled.enrolled_on,
        enrolled.definition,
        enrolled.followed_days,
        enrolled.subject_key,
        happened.event,
        min(happened.happened_on) as happened_on
    from enrolled
    inner join happened
        on happened.audience = enrolled.audience
        and happened.subject_key = enrolled.subject_key
        and happened.happened_on >= enrolled.enrolled_on
    group by
        enrolled.audience,
        enrolled.variant,
        enrolled.enrolled_on,
        enrolled.definition,
        enrolled.followed_days,
        enrolled.subject_key,
        happened.event
),

counted as (
    select
        *,
        {{ dbt.datediff('enrolled_on', 'happened_on', 'day') }} as days
    from first_happened
)

select
    audience,
    variant,
    enrolled_on,
    definition,
    cast(followed_days as integer) as followed_days,
    event,
    cast(days as integer) as days,
    count(*) as subjects
from counted
where days <= followed_days
group by
    audience,
    variant,
    enrolled_on,
    definition,
    followed_days,
    event,
    days

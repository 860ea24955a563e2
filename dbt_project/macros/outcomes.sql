{# What the manifest says of audiences, and for how long those who were sent something are followed. #}

{# The meta of every audience's exposure. #}
{% macro audiences() -%}
  {%- set found = [] -%}
  {%- for exposure in (graph.exposures.values() if execute else []) -%}
    {%- set meta = (exposure.config.meta or exposure.meta or {}).get('muster', {}) -%}
    {%- if 'audience' in meta -%} {%- do found.append(meta) -%} {%- endif -%}
  {%- endfor -%}
  {{ return(found | sort(attribute='audience')) }}
{%- endmacro %}

{# For how many days an audience's subjects are followed: as long as its goal may take, and at least outcome_days. #}
{% macro followed_days(audience) -%}
  {{ return([var('outcome_days'), audience.get('outcome', {}).get('goal', {}).get('days', 0)] | max) }}
{%- endmacro %}

{# A text that changes with all that decides about an audience's outcomes. #}
{% macro outcome_definition(audience) -%}
  {{ return(audience.get('outcome', {}).get('definition', '') ~ '/' ~ followed_days(audience)) }}
{%- endmacro %}

{# One row per audience: what decides about its outcomes, and what is known of them. #}
{% macro outcome_definitions() -%}
  {%- set text = api.Column.translate_type('string') -%}
  {%- for audience in audiences() %}
  {%- set outcome = audience.get('outcome', {}) -%}
  {%- set told = outcome.get('messages', {}).get('told', []) -%}
  select
    '{{ audience.audience }}' as audience,
    '{{ outcome_definition(audience) }}' as definition,
    {{ followed_days(audience) }} as followed_days,
    {{ 'goal' in outcome }} as has_goal
    {%- for word in ['sent', 'delivered', 'opened', 'clicked'] %},
    {{ word in told }} as tells_{{ word }}
    {%- endfor %}
  union all
  {% endfor -%}
  select
    cast(null as {{ text }}) as audience,
    cast(null as {{ text }}) as definition,
    0 as followed_days,
    false as has_goal,
    false as tells_sent,
    false as tells_delivered,
    false as tells_opened,
    false as tells_clicked
  where false
{%- endmacro %}

{# One row per audience and variant of its split, with its share of those who are in a variant. #}
{% macro outcome_shares() -%}
  {%- for audience in audiences() if audience.get('split') %}
  {%- set whole = audience.split.values() | map('float') | sum -%}
  {%- for variant, share in audience.split.items() %}
  select '{{ audience.audience }}' as audience, '{{ variant }}' as variant, {{ share | float / whole }} as share
  union all
  {% endfor -%}
  {% endfor -%}
  select
    cast(null as {{ api.Column.translate_type('string') }}) as audience,
    cast(null as {{ api.Column.translate_type('string') }}) as variant,
    0.0 as share
  where false
{%- endmacro %}

{# Before audience_cohorts is filled: forget those who may still do something that counts, or about whom a day has
   changed, and those of audiences of which something else is asked now. #}
{% macro forget_cohorts() -%}
  {%- set late = [changed_day().toordinal() - var('look_back_days') + 1, 1] | max -%}
  {%- set open = date_literal(modules.datetime.date.fromordinal(late)) -%}
  {%- set known = [] -%}
  {%- for audience in audiences() -%}
    {%- do known.append(audience.audience ~ ' ' ~ outcome_definition(audience)) -%}
  {%- endfor -%}
  {{ forget([
    dbt.datediff('enrolled_on', open, 'day') ~ ' <= followed_days',
    "audience || ' ' || definition not in ('" ~ known | join("', '") ~ "')"
  ]) }}
{%- endmacro %}

{# The cohorts that are there already. #}
{% macro kept_cohorts() -%}
  select distinct audience, enrolled_on
  from {{ this if is_incremental() else "(select '' as audience, cast(null as date) as enrolled_on) as nothing" }}
{%- endmacro %}

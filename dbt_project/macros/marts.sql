{# The local day, in the catalog's time zone, of a timestamp that is UTC. #}
{% macro local_day(column) -%}
  {{ return(adapter.dispatch('local_day', 'muster')(column)) }}
{%- endmacro %}

{% macro default__local_day(column) -%}
  cast({{ column }} at time zone 'UTC' at time zone '{{ catalog_timezone() }}' as date)
{%- endmacro %}

{# What segment_specs/catalog.yml says; a test compares the two. #}
{% macro catalog_timezone() -%}
  {{ var('timezone') }}
{%- endmacro %}

{# Whether a row of a model with history tells the state as of the day, of a subject that exists by then. #}
{% macro held_as_of(since) -%}
  {{ local_day('valid_from') }} <= {{ as_of() }}
  and (valid_to is null or {{ local_day('valid_to') }} > {{ as_of() }})
  and {{ local_day(since) }} <= {{ as_of() }}
{%- endmacro %}

{# One row per day from the earliest one in a column to the as-of day; none when the column is empty. #}
{% macro each_day_since(relation, column) -%}
  {{ return(adapter.dispatch('each_day_since', 'muster')(relation, column)) }}
{%- endmacro %}

{% macro default__each_day_since(relation, column) -%}
  select cast(days.as_of_date as date) as as_of_date
  from (select min({{ column }}) as first_day from {{ relation }}) as earliest
  cross join lateral generate_series(earliest.first_day, {{ as_of() }}, interval '1 day') as days(as_of_date)
{%- endmacro %}

{# A relation's keys, one row per element of a list column; empty and null lists have none. #}
{% macro each_element(relation, key, list) -%}
  {{ return(adapter.dispatch('each_element', 'muster')(relation, key, list)) }}
{%- endmacro %}

{% macro default__each_element(relation, key, list) -%}
  select {{ relation }}.{{ key }}, elements.element
  from {{ relation }}
  cross join unnest({{ relation }}.{{ list }}) as elements(element)
{%- endmacro %}

{# The first day of a day's week or month. Weeks start as segment_specs/catalog.yml says, months on their first. #}
{% macro period_start(grain, day) -%}
  {%- set late = week_offset() if grain == 'week' else 0 -%}
  {%- if late -%}
    {{ days_before(dbt.date_trunc(grain, days_before(day, late)), -late) }}
  {%- else -%}
    cast({{ dbt.date_trunc(grain, day) }} as date)
  {%- endif -%}
{%- endmacro %}

{# How many days after Monday weeks start. #}
{% macro week_offset() -%}
  {%- set days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] -%}
  {{ return(days.index(var('week_starts_on'))) }}
{%- endmacro %}

{# Which week or month a day lies in, counted from 1900 on, so that periods can be subtracted. 1900-01-01 was a Monday. #}
{% macro period_ordinal(grain, day) -%}
  {%- if grain == 'week' -%}
    {%- set origin = modules.datetime.date(1900, 1, 1 + week_offset()) -%}
    cast(floor({{ dbt.datediff("cast('" ~ origin ~ "' as date)", day, 'day') }} / 7.0) as integer)
  {%- else -%}
    cast((extract(year from {{ day }}) - 1900) * 12 + extract(month from {{ day }}) - 1 as integer)
  {%- endif -%}
{%- endmacro %}

{# The whole numbers from 0 to a column's value, one row each, beside the other columns. #}
{% macro each_number_to(relation, columns, last, name) -%}
  {{ return(adapter.dispatch('each_number_to', 'muster')(relation, columns, last, name)) }}
{%- endmacro %}

{% macro default__each_number_to(relation, columns, last, name) -%}
  select {{ columns | join(', ') }}, numbers.{{ name }}
  from {{ relation }}
  cross join lateral generate_series(0, {{ relation }}.{{ last }}) as numbers({{ name }})
{%- endmacro %}

{# Shares are exact decimals: the same digits on every engine. #}
{% macro share_of(part, whole) -%}
  cast({{ part }} * 1.0 / nullif({{ whole }}, 0) as decimal(9, 6))
{%- endmacro %}

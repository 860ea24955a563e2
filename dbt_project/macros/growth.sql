{# What a growing table keeps from run to run. Days are Python's here: they are known before a query runs. #}

{# The first day that was judged anew since what is made of the history was last built, as a Python date: rows that
   earlier days settled stay. Without a word from the run, or where nothing was built yet, it is the first day that the
   history still holds in full. #}
{% macro changed_day() -%}
  {%- if is_incremental() and var('changed_from', none) -%}
    {{ return(modules.datetime.date.fromisoformat(var('changed_from') | string)) }}
  {%- elif is_incremental() and var('history_days', 0) -%}
    {{ return(as_of_day() - modules.datetime.timedelta(days=var('history_days'))) }}
  {%- endif -%}
  {{ return(modules.datetime.date(1, 1, 1)) }}
{%- endmacro %}

{% macro changed_from() -%}
  {{ date_literal(changed_day()) }}
{%- endmacro %}

{% macro as_of_day() -%}
  {{ return(modules.datetime.date.fromisoformat(var('as_of') | string)) }}
{%- endmacro %}

{# A Python date as SQL. #}
{% macro date_literal(day) -%}
  cast('{{ day.isoformat() }}' as date)
{%- endmacro %}

{# Before a growing table is filled: forget the rows that are not settled. #}
{% macro forget(conditions) -%}
  {{ refuse_past_day() }}
  {%- if execute and is_incremental() -%}
    delete from {{ this }} where {{ conditions | join(' or ') }}
  {%- endif -%}
{%- endmacro %}

{% macro forget_since(column) -%}
  {{ forget([column ~ ' >= ' ~ changed_from()]) }}
{%- endmacro %}

{% macro reopen_since(column, told=[]) -%}
  {%- if execute and is_incremental() -%}
    update {{ this }}
    set {{ column }} = null {%- for each in told %}, {{ each }} = null {%- endfor %}
    where {{ column }} >= {{ changed_from() }}
  {%- endif -%}
{%- endmacro %}

{# Before a day is added: forget it and those after it. #}
{% macro forget_days() -%}
  {{ forget(['as_of_date >= ' ~ as_of()]) }}
{%- endmacro %}

{# The stays that go on from before the first changed day, as they were built so far; `stays` has the same columns. #}
{% macro lasting(stays, column) -%}
  {%- if is_incremental() -%}
    select * from {{ this }} where {{ column }} is null
  {%- else -%}
    select * from {{ stays }} where false
  {%- endif -%}
{%- endmacro %}

{# From which to which day each segment's members are there already. #}
{% macro kept_days() -%}
  select
        segment,
        min(as_of_date) as first_day,
        max(as_of_date) as last_day
    from {{ this if is_incremental() else "(select cast(null as date) as as_of_date, '' as segment) as nothing" }}
    group by segment
{%- endmacro %}

{# The first day of the daily membership. #}
{% macro membership_from() -%}
  {{ days_before(as_of(), var('membership_days') - 1) }}
{%- endmacro %}

{# Before the daily membership gets new days: forget those judged anew, those that are too old, and the segments that are
   served from their stays. #}
{% macro forget_members(served_from_spells) -%}
  {%- set served = ["segment in ('" ~ served_from_spells | join("', '") ~ "')"] if served_from_spells else [] -%}
  {{ forget(['as_of_date >= ' ~ changed_from(), 'as_of_date < ' ~ membership_from()] + served) }}
{%- endmacro %}

{# A test of a table that grows looks at the rows that a run has made or changed: those with one of the dates since. #}
{% macro where_changed(columns) -%}
  {%- if columns and var('changed_from', none) -%}
    where {% for column in columns -%}
      {{ 'or ' if not loop.first }}{{ column }} >= cast('{{ var("changed_from") }}' as date)
    {%- endfor %}
  {%- endif -%}
{%- endmacro %}

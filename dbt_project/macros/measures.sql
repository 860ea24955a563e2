{# The first day that a run reads for a measure: all of its past when the table does not hold it as defined now, else
   the days that late events may still change, and every day since the last one held. #}
{% macro measured_from(measure, definition) -%}
  {%- if not execute or not is_incremental() -%}
    cast('0001-01-01' as date)
  {%- else -%}
    {%- set held = run_query(
      "select count(*) from " ~ this ~ " where measure = '" ~ measure ~ "' and definition = '" ~ definition ~ "'"
    ).columns[0].values()[0] -%}
    {%- if held -%} cast('{{ first_open_day() }}' as date) {%- else -%} cast('0001-01-01' as date) {%- endif -%}
  {%- endif -%}
{%- endmacro %}

{# An instant before all days that any of the measures reads, whatever the time zone: so that a run reads new events
   instead of all events. #}
{% macro open_from(definitions) -%}
  {%- set first = '0001-01-01' -%}
  {%- if execute and is_incremental() -%}
    {%- set held = run_query("select distinct measure || ' ' || definition from " ~ this).columns[0].values() -%}
    {%- if definitions | reject('in', held) | list | length == 0 -%} {%- set first = first_open_day() -%} {%- endif -%}
  {%- endif -%}
  {%- if first == '0001-01-01' -%}
    cast('0001-01-01' as {{ api.Column.translate_type('timestamp') }})
  {%- else -%}
    cast(cast('{{ first }}' as date) - interval '1' day as {{ api.Column.translate_type('timestamp') }})
  {%- endif -%}
{%- endmacro %}

{% macro first_open_day() -%}
  {%- set query -%}
    select cast(least({{ days_before(as_of(), var('look_back_days') - 1) }}, max(day)) as {{ api.Column.translate_type('string') }})
    from {{ this }}
  {%- endset -%}
  {{- run_query(query).columns[0].values()[0] or '0001-01-01' -}}
{%- endmacro %}

{# Before a run fills its days: forget them, and the measures that no rule needs any more. #}
{% macro forget_measures(definitions) -%}
  {%- if execute and is_incremental() -%}
    delete from {{ this }}
    where day is null
      or day >= cast('{{ first_open_day() }}' as date)
      or measure || ' ' || definition not in ('{{ definitions | join("', '") }}')
  {%- endif -%}
{%- endmacro %}

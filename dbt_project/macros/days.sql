{# The local day that is judged. Nothing generated asks the engine for today's date. #}
{% macro as_of() -%}
  cast('{{ var("as_of") }}' as date)
{%- endmacro %}

{# One row per day of a range, both ends in. #}
{% macro each_day(first, last) -%}
  {{ return(adapter.dispatch('each_day', 'muster')(first, last)) }}
{%- endmacro %}

{% macro default__each_day(first, last) -%}
  select cast(as_of_date as date) as as_of_date
  from generate_series({{ first }}, {{ last }}, interval '1 day') as days(as_of_date)
{%- endmacro %}

{% macro days_before(day, days) -%}
  cast({{ day }} - interval '{{ days }}' day as date)
{%- endmacro %}

{# A subject's key as the text that the tables over all entities use. #}
{% macro key_text(column) -%}
  cast({{ column }} as {{ api.Column.translate_type('string') }})
{%- endmacro %}

{# A table that Muster's runs write beside dbt, in the schema `ledger`; none where no run has made it. #}
{% macro ledger_table(name) -%}
  {{ return(adapter.get_relation(this.database, 'ledger', name) if execute else none) }}
{%- endmacro %}

{# Its rows, or none. #}
{% macro ledger(name, columns) -%}
  {%- set held = ledger_table(name) -%}
  (
    {%- if held is not none %}
    select * from {{ held }}
    {%- else %}
    select
      {%- for column, type in columns.items() %}
      cast(null as {{ api.Column.translate_type(type) }}) as {{ column }}{{ ',' if not loop.last }}
      {%- endfor %}
    where false
    {%- endif %}
  ) as noted
{%- endmacro %}

{# On days on which definitions were edited: the moves that there would have been without the edit. Of the base
   population itself where the segment is null. #}
{% macro unedited_moves() -%}
  {{ ledger('unedited_moves', {
    'as_of_date': 'date', 'entity': 'string', 'segment': 'string', 'subject_key': 'string', 'transition': 'string',
    'reason': 'string'
  }) }}
{%- endmacro %}

{# The segments whose definition was edited, by day, and whether moves by data were told apart from those by the edit. #}
{% macro edits() -%}
  {{ ledger('edits', {
    'as_of_date': 'date', 'entity': 'string', 'segment': 'string', 'told_apart': 'boolean', 'problem': 'string'
  }) }}
{%- endmacro %}

{# Each definition that a run has met, as a query for any day. #}
{% macro kept_definitions() -%}
  {{ ledger('definitions', {'segment': 'string', 'definition': 'string', 'query': 'string'}) }}
{%- endmacro %}

{# The segments whose members of a day are reconstructed: told by values of a later time. #}
{% macro reconstructed() -%}
  {{ ledger('reconstructed', {'as_of_date': 'date', 'segment': 'string'}) }}
{%- endmacro %}

{# What a day's row is told by: `days` are reconstructed ones, joined on the left. #}
{% macro basis(days) -%}
  case when {{ days }}.segment is null then 'observed' else 'reconstructed' end
{%- endmacro %}

{# The first day that was judged anew since the marts were last built; without a word from the run, all of them. #}
{% macro changed_from() -%}
  cast('{{ var("changed_from", "0001-01-01") }}' as date)
{%- endmacro %}

{# Before a day is followed: forget it and the days after it, so that it can be run again. #}
{% macro forget_days() -%}
  {{ refuse_past_day() }}
  {%- if execute and is_incremental() -%}
    delete from {{ this }} where as_of_date >= {{ as_of() }}
  {%- endif -%}
{%- endmacro %}

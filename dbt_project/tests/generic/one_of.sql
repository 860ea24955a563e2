{# Each column has one of its values, or none at all. #}
{% test one_of(model, values, changed_by=[]) %}
select *
from (select * from {{ model }} {{ where_changed(changed_by) }}) as changed
where
    false
    {%- for column, possible in values.items() %}
    or {{ column }} not in ('{{ possible | join("', '") }}')
    {%- endfor %}
{% endtest %}

{# Every one of the columns has a value in every row. #}
{% test complete(model, columns, changed_by=[]) %}
select *
from (select * from {{ model }} {{ where_changed(changed_by) }}) as changed
where {{ columns | join(' is null or ') }} is null
{% endtest %}

-- One row per tag that exists, used or not.
create table raw_saas.tags as
select
    tag_no::integer as tag_id,
    name,
    moment(-400 + 7 * tag_no, 40000) as created_at
from (
    values
        (1, 'VIP'), (2, 'Champion'), (3, 'Newsletter'), (4, 'Beta'), (5, 'Partner'), (6, 'Webinar 2017'), (7, 'Churn risk'),
        (8, 'Do not contact'), (9, 'Feedback'), (10, 'Strategic'), (11, 'Named account'), (12, 'Bug'), (13, 'Billing'),
        (14, 'Feature request'), (15, 'Urgent'), (16, 'Refund'), (17, 'Legacy import'), (18, 'Black Friday 2016'), (19, 'Sunset')
) as tags (tag_no, name)
order by tag_no;

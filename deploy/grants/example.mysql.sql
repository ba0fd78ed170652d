-- What frist's user needs on MySQL for config/policies.example.yaml: the output of `frist check --grants`, each part for the
-- database of its source. For your own policies print your own. Choose a password in place of <password>, and leave out
-- CREATE where one server has several of the databases and the user is there already.

-- Source crm
CREATE USER 'frist'@'%' IDENTIFIED BY '<password>';
-- Shows the names of tables, columns and foreign keys, and no row. Without it a cascade is not seen.
GRANT REFERENCES ON `crm`.* TO 'frist'@'%';
GRANT SELECT (`company_id`, `contact_id`, `happened_at`), DELETE ON `crm`.`activities` TO 'frist'@'%';
GRANT SELECT (`company_id`, `customer_number`, `email`, `id`, `last_contacted_at`), DELETE ON `crm`.`contacts` TO 'frist'@'%';
GRANT SELECT (`company_id`, `contact_id`, `status`), UPDATE (`contact_id`) ON `crm`.`deals` TO 'frist'@'%';
GRANT SELECT (`billing_email`, `company_id`, `contact_id`, `id`) ON `crm`.`invoices` TO 'frist'@'%';

-- Source newsletter
CREATE USER 'frist'@'%' IDENTIFIED BY '<password>';
-- Shows the names of tables, columns and foreign keys, and no row. Without it a cascade is not seen.
GRANT REFERENCES ON `newsletter`.* TO 'frist'@'%';
GRANT SELECT (`subscriber_id`), DELETE ON `newsletter`.`opens` TO 'frist'@'%';
GRANT SELECT (`email`, `id`, `unsubscribed_at`), DELETE ON `newsletter`.`subscribers` TO 'frist'@'%';

-- Source ats
CREATE USER 'frist'@'%' IDENTIFIED BY '<password>';
-- Shows the names of tables, columns and foreign keys, and no row. Without it a cascade is not seen.
GRANT REFERENCES ON `ats`.* TO 'frist'@'%';
GRANT SELECT (`email`, `id`, `in_dialogue`, `rejected_at`, `status`), DELETE ON `ats`.`applications` TO 'frist'@'%';
GRANT SELECT (`application_id`), DELETE ON `ats`.`interview_notes` TO 'frist'@'%';

-- Source chat
CREATE USER 'frist'@'%' IDENTIFIED BY '<password>';
-- Shows the names of tables, columns and foreign keys, and no row. Without it a cascade is not seen.
GRANT REFERENCES ON `chat`.* TO 'frist'@'%';
GRANT SELECT (`id`, `page`, `started_at`, `visitor_email`, `visitor_name`), UPDATE (`page`, `visitor_email`, `visitor_name`) ON `chat`.`conversations` TO 'frist'@'%';
GRANT SELECT (`conversation_id`, `sent_at`), DELETE ON `chat`.`messages` TO 'frist'@'%';

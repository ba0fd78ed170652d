-- What frist's user needs on PostgreSQL for config/policies.example.yaml: the output of `frist check --grants`, each part for the
-- database of its source. For your own policies print your own. Choose a password in place of <password>, and leave out
-- CREATE where one server has several of the databases and the user is there already.

-- Source crm
CREATE ROLE "frist" LOGIN PASSWORD '<password>';
GRANT CONNECT ON DATABASE "crm" TO "frist";
GRANT USAGE ON SCHEMA "public" TO "frist";
-- UPDATE of one column, where rows are only deleted: without it PostgreSQL locks no row.
GRANT SELECT ("company_id", "contact_id", "happened_at"), DELETE ON "public"."activities" TO "frist";
GRANT SELECT ("company_id", "customer_number", "email", "id", "last_contacted_at"), UPDATE ("id"), DELETE ON "public"."contacts" TO "frist";
GRANT SELECT ("company_id", "contact_id", "status"), UPDATE ("contact_id") ON "public"."deals" TO "frist";
GRANT SELECT ("billing_email", "company_id", "contact_id", "id") ON "public"."invoices" TO "frist";

-- Source newsletter
CREATE ROLE "frist" LOGIN PASSWORD '<password>';
GRANT CONNECT ON DATABASE "newsletter" TO "frist";
GRANT USAGE ON SCHEMA "public" TO "frist";
-- UPDATE of one column, where rows are only deleted: without it PostgreSQL locks no row.
GRANT SELECT ("subscriber_id"), DELETE ON "public"."opens" TO "frist";
GRANT SELECT ("email", "id", "unsubscribed_at"), UPDATE ("id"), DELETE ON "public"."subscribers" TO "frist";

-- Source ats
CREATE ROLE "frist" LOGIN PASSWORD '<password>';
GRANT CONNECT ON DATABASE "ats" TO "frist";
GRANT USAGE ON SCHEMA "public" TO "frist";
-- UPDATE of one column, where rows are only deleted: without it PostgreSQL locks no row.
GRANT SELECT ("email", "id", "in_dialogue", "rejected_at", "status"), UPDATE ("id"), DELETE ON "public"."applications" TO "frist";
GRANT SELECT ("application_id"), DELETE ON "public"."interview_notes" TO "frist";

-- Source chat
CREATE ROLE "frist" LOGIN PASSWORD '<password>';
GRANT CONNECT ON DATABASE "chat" TO "frist";
GRANT USAGE ON SCHEMA "public" TO "frist";
GRANT SELECT ("id", "page", "started_at", "visitor_email", "visitor_name"), UPDATE ("page", "visitor_email", "visitor_name") ON "public"."conversations" TO "frist";
GRANT SELECT ("conversation_id", "sent_at"), DELETE ON "public"."messages" TO "frist";

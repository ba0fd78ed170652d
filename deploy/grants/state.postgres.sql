-- The state database of frist on PostgreSQL, for `state.url`: nothing else lies in it. Choose a password in place of
-- <password>. `frist state init` makes its tables, and a newer version changes them.
CREATE ROLE "frist_state" LOGIN PASSWORD '<password>';
CREATE DATABASE "frist_state" OWNER "frist_state";
REVOKE ALL ON DATABASE "frist_state" FROM PUBLIC;

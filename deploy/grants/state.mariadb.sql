-- The state database of frist on MariaDB or MySQL, for `state.url`: nothing else lies in it. Choose a password in place of
-- <password>. `frist state init` makes its tables, and a newer version changes them.
CREATE DATABASE `frist_state` CHARACTER SET utf8mb4;
CREATE USER 'frist_state'@'%' IDENTIFIED BY '<password>';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON `frist_state`.* TO 'frist_state'@'%';

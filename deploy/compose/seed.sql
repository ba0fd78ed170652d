-- What compose.yaml erases from: applications of people who do not exist, some of them due. MariaDB's image runs it once,
-- in the database `ats`, after it has made the user `frist`.
create table applications (
  id bigint unsigned not null auto_increment primary key,
  email varchar(190) not null,
  status enum('open', 'rejected', 'hired') not null,
  rejected_at datetime null,
  in_dialogue tinyint(1) not null default 0
) engine = InnoDB;

create table interview_notes (
  id bigint unsigned not null auto_increment primary key,
  application_id bigint unsigned not null,
  text text not null,
  foreign key (application_id) references applications (id)
) engine = InnoDB;

insert into applications (email, status, rejected_at, in_dialogue) values
  ('anne@example.com', 'rejected', now() - interval 5 month, 0),
  ('bo@example.com', 'rejected', now() - interval 4 month, 0),
  ('clara@example.com', 'rejected', now() - interval 4 month, 1),
  ('dan@example.com', 'rejected', now() - interval 1 month, 0),
  ('emma@example.com', 'open', null, 0),
  ('freja@example.com', 'hired', null, 0);
insert into interview_notes (application_id, text) values (1, 'Kind, late'), (1, 'Called again'), (4, 'Loud');

-- What the policy needs and no more: frist never inserts, and changes nothing here. References shows it the foreign keys of
-- the schema, and no row: without it MariaDB hides them, and frist erases nothing.
revoke all privileges on ats.* from frist@'%';
grant references on ats.* to frist@'%';
grant select, delete on ats.applications to frist@'%';
grant select, delete on ats.interview_notes to frist@'%';

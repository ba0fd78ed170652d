/** Plans, approvals and holds. Rows of the one table: see errors.ts. */
import type { ErrorRow } from './row.ts';

export const DECIDING_ERRORS = {
  PLAN_UNKNOWN: {
    exit: 1,
    message: 'There is no plan {plan}',
    remedy: '`frist status` lists the plans that wait.',
  },
  PLAN_NOT_WAITING: {
    exit: 1,
    message: 'Plan {plan} does not wait for approval: it is {status}',
    remedy: '`frist status` lists the plans that wait; the next run makes a new one where one is needed.',
  },
  PLAN_OWN: {
    exit: 1,
    message: 'Plan {plan} was made under the operator id {operator}, which may not approve it',
    remedy:
      'Let somebody else approve it, under an `operator` of their own; or set `approval.own` to allowed.',
  },
  PLAN_EXPIRED: {
    exit: 1,
    message: 'Plan {plan} could be approved until {expires}',
    remedy: 'Run `frist run` for a new plan.',
  },
  PLAN_VOID: {
    exit: 1,
    message: 'Plan {plan} is void: its policy, guard, source or catalogue has changed',
    remedy: 'Run `frist run` for a plan of the policy as it is now.',
  },
  PARTITION_FOREIGN: {
    exit: 2,
    message:
      'A part of what policy "{policy}" erases was left to others: here the policy or its source is another',
    remedy:
      'Give all processes of the installation the same policy files, and the same sources. What they leave, the process that began the run erases itself.',
  },
  RUN_BUSY: {
    exit: 2,
    message: 'Policy {policy} is running already',
    remedy:
      'Wait until that run ends; `frist status` shows it. After a crash its claim runs out within a minute: run again.',
  },
  BATCH_ASTRAY: {
    exit: 1,
    message:
      'Policy {policy} is about other records, or does something else, than when a batch of it was opened that has no outcome yet',
    remedy:
      'Give it back its records and its action for one run, which looks at that batch, and change it then. Where that cannot be done any more, give the changed policy another name: the batch then stays without an outcome.',
  },
  // Holds
  HOLD_UNKNOWN: {
    exit: 1,
    message: 'There is no active hold {hold}',
    remedy: '`frist hold list` shows the holds.',
  },
  HOLD_WAIT: {
    exit: 2,
    message: 'The hold stands, but batches that were opened before it have not been settled',
    remedy: 'They end with the running sweep, or with `frist run` after a crash; then run `frist hold list`.',
  },
  HOLD_NO_RECORD: {
    exit: 1,
    message: 'There is no such record of {source}.{record}',
    remedy:
      'Write the key as the database has it; a key of several columns as crm.member=7,12. To suspend erasure for a person, use --subject.',
  },
  HOLD_UNASKED: {
    exit: 2,
    message: 'Source {source} cannot be asked how it writes this key; no hold was placed',
    remedy:
      'Try again when it can. Until then hold the policy (--policy), or the person (--subject), which needs no source.',
  },
  HOLD_ASTRAY: {
    exit: 1,
    message: 'Hold {hold} is on {what}, which the policy file does not have',
    remedy:
      'Give it back the name that it had, or place a hold on what it is called now (`frist hold add`) and then release the old one (`frist hold release`). A controller that is another one: give its policy file as well, once.',
  },
  RECORD_FAILED: {
    exit: 2,
    message: '{count} record(s) of {source}.{record} cannot be erased under policy {policy} ({code})',
    remedy: 'A foreign key or trigger forbids it: name the referring table as a dependent of the policy.',
  },
  // The kill switch
  PAUSED: {
    exit: 2,
    message: 'Erasing is paused since {since}, by {by}',
    remedy: 'Nothing is erased until `frist resume --why …`; the daemon then goes on by itself.',
  },
  PAUSED_BY_FILE: {
    exit: 2,
    message: 'Erasing is paused: {file} is there',
    remedy: 'Nothing is erased until the file is removed; the daemon then goes on by itself.',
  },
} as const satisfies Record<string, ErrorRow>;

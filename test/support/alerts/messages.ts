// Messages to send.
import { raised, resolved, type Message, type Sender } from '../../../src/alerts/message.ts';

export const SENDER: Sender = { installation: '01M80000000000000000000000', controllers: ['Eksempel A/S'] };
export const AT = '2026-01-31T03:15:00.000Z';

export const WAITING: Message = raised(
  {
    cause: 'FristPlanWaiting',
    about: { controller: 'Eksempel A/S', policy: 'ansøgere', plan: 'p1' },
    text: 'Policy ansøgere (Eksempel A/S) erases nothing: a plan of 120 records waits for approval.',
    remedy: 'Look at it: `frist plan p1`.',
  },
  '01M8127CSP25QF5TMF0WH8NKYS',
  AT,
  SENDER,
);

export const FAILED: Message = raised(
  {
    cause: 'FristRunFailed',
    about: { controller: 'Eksempel A/S', policy: 'ansøgere', code: 'SOURCE_UNREACHABLE' },
    text: 'The last run of policy ansøgere (Eksempel A/S) failed: SOURCE_UNREACHABLE.',
    remedy: 'docs/errors.md says of each code what to do.',
  },
  '01M8127CSP25QF5TMF0WH8NKYT',
  AT,
  SENDER,
);

export const OVER: Message = resolved('01M8127CSP25QF5TMF0WH8NKYT', '2026-02-01T03:15:00.000Z', FAILED);

/** What the command or its configuration gets wrong, and what concerns frist itself. Rows of the one table: see errors.ts. */
import type { ErrorRow } from './row.ts';

export const USAGE_ERRORS = {
  USAGE: { exit: 1, message: '{what}', remedy: 'Run the command with --help to see its options.' },
  CONFIG_INVALID: {
    exit: 1,
    message: '{count} problem(s) in the configuration',
    remedy: 'Mend each place listed above and run `frist check` again.',
  },
  CONFIG_UNREADABLE: {
    exit: 1,
    message: 'Cannot read {file}: {reason}',
    remedy:
      'Check the path and the permissions of the file. A word behind --policies is taken for a file, too: write a plan or a hold before it.',
  },
  FILE_UNWRITABLE: {
    exit: 1,
    message: 'Cannot write {file}: {reason}',
    remedy: 'Name a file that is not there yet, in a folder that you may write to.',
  },
  NOTHING_TO_PROPOSE: {
    exit: 1,
    message: 'None of the {count} tables looks like one of people',
    remedy: 'Write the policy file by hand: docs/policies.md shows how.',
  },
  CONTROLLER_NEEDED: {
    exit: 1,
    message: 'Each controller has an installation of its own here, and the command is about one of them',
    remedy: 'Say which: `--controller ID`, or `--policies` with its file alone.',
  },
  SETTINGS_INVALID: {
    exit: 1,
    message: 'Setting {setting} is not valid: {reason}',
    remedy: 'Correct it in the settings file or in the environment variable {env}.',
  },
  // These two are printed by bin/frist, with FRIST_ before the code.
  NOT_INSTALLED: {
    exit: 1,
    message: 'frist could not be loaded ({what})',
    remedy: 'Run `npm ci` in the folder of frist, or install it again.',
  },
  NODE_VERSION: {
    exit: 1,
    message: 'frist needs Node 24; this is {version}',
    remedy: 'Run `npm ci` beside frist (it brings Node 24), or install Node 24.',
  },
  // frist itself
  DEFECT: {
    exit: 2,
    message: 'frist met a state that should not exist: {what}',
    remedy: 'This is a defect of frist: report it with this text. Nothing was erased on account of it.',
  },
  ALERT_UNSENT: {
    exit: 2,
    message: 'An alert could not be sent by {channel} ({reason})',
    remedy:
      'Check the address, and that its server answers; `frist check --alerts` tries it. frist goes on erasing, and sends again by itself.',
  },
  HTTP_LISTEN: {
    exit: 1,
    message: 'Cannot listen on {host}:{port} ({code})',
    remedy: 'Choose another `http.port`, or stop what listens there.',
  },
} as const satisfies Record<string, ErrorRow>;

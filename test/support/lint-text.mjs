// Lints texts as if they stood at given paths: reads [{path, text}] as JSON from stdin, writes [[{rule, message}]].
// A process of its own, because ESLint loads its configuration in ways that jest's module loader does not follow.
import { text as read } from 'node:stream/consumers';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const eslint = new ESLint({
  // The files do not exist, so nothing can be said of their types.
  overrideConfig: [
    { files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked },
    { files: ['**/*.ts'], languageOptions: { parserOptions: { project: null } } },
  ],
});
const answers = [];
for (const { path, text } of JSON.parse(await read(process.stdin))) {
  const [result] = await eslint.lintText(text, { filePath: path });
  answers.push((result?.messages ?? []).map(({ ruleId, message }) => ({ rule: ruleId, message })));
}
process.stdout.write(JSON.stringify(answers));

import './setup.ts';

/** jest's globalTeardown: ends the keeper and with it every server of the run. */
export default async function teardown(): Promise<void> {
  const keeper = globalThis.fristKeeper;
  if (keeper === undefined || keeper.exitCode !== null) return;
  const exit = new Promise((resolve) => keeper.once('exit', resolve));
  keeper.stdin?.end();
  await exit;
}

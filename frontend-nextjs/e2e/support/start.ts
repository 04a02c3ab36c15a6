/** Once for all test files: starts the service, chooses the administrator's password, and stops it at the end. The first
 * test file (`1-first-run`) does the first run by itself, in the browser. */
import { start } from "./stack";

export default async function globalSetup(): Promise<() => Promise<void>> {
  if (process.env.SCRIBE_E2E_STACK) return async () => undefined; // one that runs already: while a test is written
  const { running, stop } = await start();
  process.env.SCRIBE_E2E_STACK = JSON.stringify(running);
  return stop;
}

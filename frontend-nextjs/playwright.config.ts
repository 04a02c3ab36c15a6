/** The whole product in a real browser: PostgreSQL, Valkey, API, worker, models, and the pages as they are shipped.
 *
 * `make test-web` runs it; `scripts/with-browser.sh` finds the browser. Screenshots for the documentation are a project
 * of their own: `npm run screenshots`.
 */
import { defineConfig } from "@playwright/test";

const QUIET = [
  "--no-sandbox", // Chromium refuses to run as root otherwise
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
];

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  globalSetup: "./e2e/support/start.ts",
  fullyParallel: false,
  workers: 1,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  retries: 0,
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    viewport: { width: 1440, height: 900 },
    locale: "fr-FR",
    timezoneId: "Europe/Paris",
    reducedMotion: "reduce",
    trace: { mode: "retain-on-failure", screenshots: false }, // the pages themselves are in it
    launchOptions: { executablePath: process.env.SCRIBE_BROWSER || undefined, args: QUIET },
  },
  projects: [
    { name: "product", testIgnore: /screenshots/ },
    { name: "screenshots", testMatch: /screenshots/ },
  ],
});

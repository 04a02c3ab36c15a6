/** `test` with a signed-in page and the service beside it. A page that logs an error fails its test. */
import { test as base, expect, type Page } from "@playwright/test";
import { Service } from "./service";
import { stack } from "./stack";

interface Fixtures {
  page: Page;
  troubles: string[];
}

export const test = base.extend<Fixtures, { service: Service }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright's way to say that a fixture needs no other
  baseURL: async ({}, use) => use(stack().url),
  service: [
    // eslint-disable-next-line no-empty-pattern -- as above
    async ({}, use) => {
      const service = await Service.open();
      await use(service);
      await service.close();
    },
    { scope: "worker" },
  ],
  // eslint-disable-next-line no-empty-pattern -- as above
  troubles: async ({}, use) => {
    const troubles: string[] = [];
    await use(troubles);
    expect(troubles, "errors in the browser's console").toEqual([]);
  },
  page: async ({ page, context, service, troubles }, use) => {
    await service.lend(context);
    page.on("pageerror", (error) => troubles.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !isRefusal(message.text())) troubles.push(message.text());
    });
    await use(page);
  },
});

/** Chromium logs every 4xx by itself; what is shown to the user is what the tests look at. */
function isRefusal(text: string): boolean {
  return /Failed to load resource: the server responded with a status of 4\d\d/.test(text);
}

export { expect };

/** `test` with a signed-in page and the service beside it. A page that logs an error fails its test. */
import { test as base, expect, type Page } from "@playwright/test";
import { Service } from "./service";
import { stack } from "./stack";

interface Fixtures {
  page: Page;
  troubles: string[];
}

export const test = base.extend<Fixtures, { service: Service }>({
  baseURL: async ({}, provide) => provide(stack().url),
  service: [
    async ({}, provide) => {
      const service = await Service.open();
      await provide(service);
      await service.close();
    },
    { scope: "worker" },
  ],
  troubles: async ({}, provide) => {
    const troubles: string[] = [];
    await provide(troubles);
    expect(troubles, "errors in the browser's console").toEqual([]);
  },
  page: async ({ page, context, service, troubles }, provide) => {
    await service.lend(context);
    page.on("pageerror", (error) => troubles.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !isRefusal(message.text())) troubles.push(message.text());
    });
    await provide(page);
  },
});

/** Chromium logs every 4xx by itself; what is shown to the user is what the tests look at. */
function isRefusal(text: string): boolean {
  return /Failed to load resource: the server responded with a status of 4\d\d/.test(text);
}

export { expect };

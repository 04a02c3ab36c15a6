/** The very first visit: the address that `scribe up` prints, a password of one's own, the empty list that teaches. */
import { test as base } from "@playwright/test";
import { expect } from "./support/test";
import { stack } from "./support/stack";

base("nobody is let in without signing in", async ({ page }) => {
  await page.goto(`${stack().url}/voices`);
  await expect(page).toHaveURL(/\/sign-in\?to=%2Fvoices/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});

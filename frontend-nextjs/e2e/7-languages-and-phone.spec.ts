/** The same interface in both languages, both themes, and on a phone. */
import { heardSeconds, world } from "./support/pages";
import { prefer } from "./support/service";
import { expect, test } from "./support/test";

test("the language is chosen in the account, at once, and stays", async ({ page }) => {
  await page.goto("/account");
  await expect(page.getByRole("heading", { name: "Langue et apparence" })).toBeVisible();
  await page.getByRole("radio", { name: "English" }).click();
  await expect(page.getByRole("heading", { name: "Language and look" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await page.reload();
  await expect(page.getByRole("link", { name: "Meetings" })).toBeVisible();
  await page.getByRole("radio", { name: "Français" }).click();
  await expect(page.getByRole("link", { name: "Réunions" })).toBeVisible();
});

test("the theme is chosen in the account and set before the first paint", async ({ page }) => {
  await page.goto("/account");
  await page.getByRole("radio", { name: "Sombre" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.reload({ waitUntil: "commit" });
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("an English browser is spoken to in English", async ({ browser, service }) => {
  const context = await browser.newContext({ locale: "en-GB" });
  await service.lend(context);
  const page = await context.newPage();
  await page.goto((process.env.SCRIBE_E2E_STACK && (JSON.parse(process.env.SCRIBE_E2E_STACK) as { url: string }).url) || "/");
  await expect(page.getByRole("heading", { level: 1, name: "Meetings" })).toBeVisible();
  await context.close();
});

test("on a phone nothing scrolls sideways, and a meeting can be read, heard and corrected", async ({ page, service }) => {
  test.setTimeout(180_000);
  const { meetingId, personId } = await world(service);
  await page.setViewportSize({ width: 390, height: 844 });
  await prefer(page, { language: "fr" });
  for (const path of ["/", "/search?q=appel", "/voices", `/voices/${personId}`, "/account", "/admin", `/meetings/${meetingId}`]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wider, `${path} is wider than the screen`).toBeLessThanOrEqual(0);
  }
  await expect(page.getByRole("article").first()).toBeVisible();
  await page.getByRole("button", { name: "Lire", exact: true }).click();
  await expect.poll(() => heardSeconds(page)).toBeGreaterThanOrEqual(1);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
});

/** The same way through the product with no mouse at all, in English: Tab, arrows, Enter, Escape and the shortcuts. */
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { heardSeconds } from "./support/pages";
import { prefer } from "./support/service";
import { SAMPLES } from "./support/stack";
import { expect, test } from "./support/test";

/** Presses Tab until the element has the focus, once round the page if need be: whoever cannot get there so cannot get
 * there at all. */
async function tabTo(page: Page, target: Locator, most = 240): Promise<void> {
  for (let step = 0; step < most; step += 1) {
    if (await target.evaluate((element) => element === document.activeElement || element.contains(document.activeElement)).catch(() => false)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${String(target)} was not reached with ${most} presses of Tab`);
}

test("upload, open, listen, correct, undo, name, search, export, delete without a mouse", async ({ page }) => {
  test.setTimeout(180_000);
  await prefer(page, { language: "en" });
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1, name: "Meetings" })).toBeVisible();

  await test.step("upload", async () => {
    await page.keyboard.press("n");
    const dialog = page.getByRole("dialog", { name: "New meeting" });
    await expect(dialog).toBeVisible();
    await dialog.locator("input[type=file]").setInputFiles(join(SAMPLES, "conference.flac")); // the system's own dialog follows here
    const title = dialog.getByLabel("Title");
    await tabTo(page, title);
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("Keyboard only");
    await page.keyboard.press("Enter");
    await expect(dialog).toBeHidden();
    const takeAnyway = page.getByRole("button", { name: "Transcribe anyway" });
    const row = page.getByRole("link", { name: "Keyboard only" }).first();
    await expect(takeAnyway.or(row).first()).toBeVisible({ timeout: 30_000 });
    if (await takeAnyway.isVisible()) {
      await tabTo(page, takeAnyway);
      await page.keyboard.press("Enter");
    }
    await expect(row).toBeVisible({ timeout: 30_000 });
  });

  const lines = page.getByRole("article");
  await test.step("open it from the list", async () => {
    const row = page.getByRole("link", { name: "Keyboard only" }).first();
    await tabTo(page, row);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1, name: /Keyboard only/ })).toBeVisible();
    await expect(lines.first()).toBeVisible({ timeout: 120_000 });
  });

  await test.step("listen with the space bar", async () => {
    await page.keyboard.press("Space");
    await expect(page.getByRole("button", { name: "Pause", exact: true })).toBeVisible();
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => heardSeconds(page)).toBeGreaterThan(4);
    await page.keyboard.press("Space");
    await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  });

  await test.step("correct a line and take it back", async () => {
    await tabTo(page, lines.first());
    await page.keyboard.press("e");
    const field = page.getByRole("textbox", { name: /^Text at/ });
    await expect(field).toBeFocused();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("Written without a mouse.");
    await page.keyboard.press("ControlOrMeta+Enter");
    await expect(lines.first()).toContainText("Written without a mouse.");
    await expect(field).toBeHidden();
    await page.keyboard.press("ControlOrMeta+z");
    await expect(lines.first()).not.toContainText("Written without a mouse.");
  });

  await test.step("find", async () => {
    await page.keyboard.press("ControlOrMeta+f");
    await expect(page.getByLabel("Find in the transcript", { exact: true })).toBeFocused(); // it is loaded when it is asked for
    await page.keyboard.type("conference");
    await expect(page.locator("mark").first()).toBeVisible();
    await page.keyboard.press("Escape");
  });

  await test.step("name a speaker", async () => {
    const who = page.getByRole("button", { name: /^Speaker 1: who is this/ }).first();
    await tabTo(page, who);
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: /Who is this/ });
    await expect(dialog).toBeVisible();
    const name = dialog.getByPlaceholder("Type a name");
    await tabTo(page, name);
    await page.keyboard.type("Mrs Perrin");
    await expect(dialog.getByText("In this meeting only")).toBeVisible();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("button", { name: /^Mrs Perrin/ }).first()).toBeVisible();
  });

  await test.step("export", async () => {
    await tabTo(page, page.getByRole("button", { name: "Export" }));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("menuitem", { name: "Markdown" })).toBeVisible();
    await page.keyboard.type("Mark");
    const [file] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
    expect(file.suggestedFilename()).toMatch(/Keyboard only.*\.md/);
  });

  await test.step("search", async () => {
    await tabTo(page, page.getByRole("link", { name: "Search" }));
    await page.keyboard.press("Enter");
    const box = page.getByRole("searchbox");
    await expect(box).toBeFocused();
    await page.keyboard.type("conférence");
    await expect(page.locator("mark").first()).toBeVisible({ timeout: 60_000 });
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/\/meetings\/.*t=/);
  });

  await test.step("delete", async () => {
    await page.goto("/");
    const row = page.getByRole("link", { name: "Keyboard only" }).first();
    await tabTo(page, row);
    await page.keyboard.press("Delete");
    const dialog = page.getByRole("dialog", { name: /Delete/ });
    await expect(dialog).toBeVisible();
    await tabTo(page, dialog.getByRole("button", { name: /^Delete/ }));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("link", { name: "Keyboard only" })).toHaveCount(0);
  });
});

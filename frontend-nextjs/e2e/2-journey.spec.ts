/** One meeting from the file to the bin, by mouse, in French. The recording, the models and the words are real. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { heardSeconds } from "./support/pages";
import { SAMPLES } from "./support/stack";
import { expect, test } from "./support/test";

test("upload, follow, listen, name, correct, undo, search, export, delete", async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto("/");

  await test.step("upload", async () => {
    await page.getByRole("button", { name: "Nouvelle réunion" }).first().click();
    const dialog = page.getByRole("dialog", { name: "Nouvelle réunion" });
    await dialog.locator("input[type=file]").setInputFiles(join(SAMPLES, "conference.flac"));
    await dialog.getByLabel("Titre").fill("Accueil téléphonique");
    await dialog.getByRole("button", { name: "Envoyer" }).click();
  });

  await test.step("follow: it says where it is, and then that it is done", async () => {
    const row = page.getByRole("main").getByRole("row").or(page.getByRole("main").getByRole("listitem")).filter({ hasText: "Accueil téléphonique" }).first();
    await expect(row.getByRole("progressbar")).toBeVisible({ timeout: 30_000 });
    await expect(row.getByRole("progressbar")).toHaveCount(0, { timeout: 120_000 });
    await page.getByRole("link", { name: "Accueil téléphonique" }).first().click();
    await expect(page.getByRole("heading", { level: 1, name: /Accueil téléphonique/ })).toBeVisible();
  });

  const lines = page.getByRole("article");
  const first = lines.filter({ hasText: "présentement occupés" });

  await test.step("listen: a word that is clicked is heard", async () => {
    await first.getByText("occupés").first().click();
    await expect.poll(() => heardSeconds(page)).toBeGreaterThanOrEqual(1);
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await expect(page.getByRole("button", { name: "Lire", exact: true })).toBeVisible();
  });

  await test.step("name: who is this?", async () => {
    await page.getByRole("button", { name: /^Intervenant 1 : qui est-ce/ }).first().click();
    const who = page.getByRole("dialog", { name: /Qui est-ce/ });
    await expect(who.getByRole("button", { name: /^Extrait 1/ })).toBeVisible();
    await who.getByPlaceholder("Saisir un nom").fill("Madame Perrin");
    await who.getByText("Dans cette réunion seulement").click();
    await expect(page.getByRole("button", { name: /^Madame Perrin/ }).first()).toBeVisible();
  });

  await test.step("correct, undo, redo", async () => {
    await first.hover();
    await first.getByRole("button", { name: /^Modifier le texte/ }).click();
    const field = page.getByRole("textbox", { name: /^Texte à/ });
    const before = await field.inputValue();
    const saved = page.waitForResponse((answer) => answer.request().method() === "POST" && answer.url().endsWith("/edits"));
    await field.fill(before.replace("présentement", "actuellement"));
    await page.getByRole("button", { name: "Terminé" }).click();
    await expect(lines.filter({ hasText: "actuellement occupés" })).toBeVisible();
    expect((await saved).status()).toBe(201);
    await expect(page.getByRole("status").filter({ hasText: "Enregistré" })).toBeVisible();

    await page.getByRole("button", { name: "Annuler", exact: true }).first().click();
    await expect(first).toBeVisible();
    await page.getByRole("button", { name: "Rétablir", exact: true }).click();
    await expect(lines.filter({ hasText: "actuellement occupés" })).toBeVisible();
    await page.reload(); // perhaps before it is sent: what is shown and what is taken away have it all the same
    await expect(lines.filter({ hasText: "actuellement occupés" })).toBeVisible();
    await expect(page.getByRole("button", { name: /^Madame Perrin/ }).first()).toBeVisible();
  });

  await test.step("take away: the file has the name and the correction", async () => {
    await page.getByRole("button", { name: "Exporter" }).click();
    const [markdown] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Markdown" }).click()]);
    const text = readFileSync(await markdown.path(), "utf8");
    expect(text).toContain("Madame Perrin");
    expect(text).toContain("actuellement occupés");
    await page.getByRole("button", { name: "Exporter" }).click();
    const [pdf] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "PDF" }).click()]);
    expect(readFileSync(await pdf.path()).subarray(0, 5).toString()).toBe("%PDF-");
  });

  await test.step("search: without accents, found as it was corrected, opened at that second", async () => {
    await page.getByRole("link", { name: "Recherche" }).click();
    await expect(async () => {
      await page.getByRole("searchbox").fill("");
      await page.getByRole("searchbox").fill("occupé actuellement");
      await expect(page.locator("mark", { hasText: "actuellement" }).first()).toBeVisible({ timeout: 3000 });
    }).toPass({ timeout: 90_000 });
    await page.locator("mark", { hasText: "actuellement" }).first().click();
    await expect(page).toHaveURL(/\/meetings\/[0-9a-f-]+\?.*t=/);
    await expect(lines.filter({ hasText: "actuellement occupés" })).toBeVisible();
  });

  await test.step("delete: gone from the list", async () => {
    await page.getByRole("button", { name: /^Actions/ }).or(page.getByRole("button", { name: "Plus d’actions" })).first().click();
    await page.getByRole("menuitem", { name: /^Supprimer/ }).click();
    const dialog = page.getByRole("dialog", { name: "Supprimer cette réunion" });
    await dialog.getByRole("button", { name: /^Supprimer/ }).click();
    await expect(page).toHaveURL(/\/$/);
    await expect(page.getByRole("link", { name: "Accueil téléphonique" })).toHaveCount(0);
  });
});

/** The very first visit: the address that `scribe up` prints, a password of one's own, the empty list that teaches. */
import { expect, test } from "@playwright/test";
import { ADMINISTRATOR, stack } from "./support/stack";

test("the first visitor chooses a password and is shown what to do", async ({ page }) => {
  await page.goto(`${stack().url}/`);
  await expect(page).toHaveURL(/\/sign-in/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();

  await page.goto(`${stack().url}/welcome#${stack().oneTimePassword}`);
  await page.getByLabel("Votre nouveau mot de passe").fill(ADMINISTRATOR.password);
  await page.getByLabel(/Votre nom, tel que/).fill("Claire Martin");
  await page.getByRole("button", { name: "Commencer" }).click();

  await expect(page.getByRole("heading", { name: "Déposez votre premier enregistrement" })).toBeVisible();
  expect(page.url()).not.toContain(stack().oneTimePassword);
});

test("signing in leads to the page that was asked for, and a wrong password is told", async ({ page }) => {
  await page.goto(`${stack().url}/voices`);
  await expect(page).toHaveURL(/\/sign-in\?to=%2Fvoices/);
  await page.getByLabel("Nom d’utilisateur").fill(ADMINISTRATOR.username);
  await page.getByLabel("Mot de passe", { exact: true }).fill("something else");
  await page.getByRole("button", { name: "Se connecter" }).click();
  await expect(page.getByRole("alert").filter({ hasText: /mot de passe/i })).toBeVisible();

  await page.getByLabel("Mot de passe", { exact: true }).fill(ADMINISTRATOR.password);
  await page.getByRole("button", { name: "Se connecter" }).click();
  await expect(page).toHaveURL(`${stack().url}/voices`);
  await expect(page.getByRole("button", { name: "Mon compte" })).toBeVisible();
});

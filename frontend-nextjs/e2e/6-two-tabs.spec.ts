/** Two people, or two tabs, at the same line: nobody overwrites the other without knowing. */
import { expect, test } from "./support/test";
import { world } from "./support/pages";

test("the second one is told, sees both texts, and decides", async ({ page, context, service }) => {
  test.setTimeout(180_000);
  const { meetingId } = await world(service);
  const other = await context.newPage();
  for (const one of [page, other]) {
    await one.goto(`/meetings/${meetingId}`);
    await expect(one.getByRole("article").first()).toBeVisible();
  }
  const open = async (one: typeof page) => {
    const line = one.getByRole("article").first();
    await line.hover();
    await line.getByRole("button", { name: /^Modifier le texte/ }).click();
    return one.getByRole("textbox", { name: /^Texte à/ });
  };
  const mine = await open(page);
  const theirs = await open(other);
  let letGo = () => undefined as void;
  const isSaved = new Promise<void>((done) => (letGo = done));
  await page.route("**/api/v1/meetings/*/edits", async (route) => {
    if (route.request().method() === "POST") await isSaved; // the slower line of the two
    await route.continue();
  });
  await mine.fill("Le texte de la première page.");
  await theirs.fill("Le texte de la seconde page.");
  await other.getByRole("button", { name: "Terminé" }).click();
  await expect(other.getByRole("status").filter({ hasText: "Enregistré" })).toBeVisible();
  await expect(other.getByRole("article").first()).toContainText("Le texte de la seconde page.");
  letGo();

  await expect(page.getByText(/a modifié ce passage/).first()).toBeVisible();
  await page.getByRole("button", { name: "Garder le mien" }).click();
  await expect(page.getByRole("article").first()).toContainText("Le texte de la première page.");
  await expect(other.getByRole("article").first()).toContainText("Le texte de la première page.", { timeout: 30_000 });

  await other.getByRole("button", { name: "Historique des modifications" }).click();
  const history = other.getByRole("dialog");
  await expect(history.getByText("Texte corrigé").nth(1)).toBeVisible(); // both are on record
});

test("two lines at once are no conflict", async ({ page, context, service }) => {
  const { meetingId } = await world(service);
  const other = await context.newPage();
  for (const one of [page, other]) {
    await one.goto(`/meetings/${meetingId}`);
    await expect(one.getByRole("article").nth(2)).toBeVisible();
  }
  const write = async (one: typeof page, place: number, text: string) => {
    const line = one.getByRole("article").nth(place);
    await line.hover();
    await line.getByRole("button", { name: /^Modifier le texte/ }).click();
    await one.getByRole("textbox", { name: /^Texte à/ }).fill(text);
    await one.getByRole("button", { name: "Terminé" }).click();
  };
  await write(page, 1, "La première page a écrit ceci.");
  await write(other, 2, "La seconde page a écrit cela.");
  for (const one of [page, other]) {
    await expect(one.getByRole("article").nth(1)).toContainText("La première page a écrit ceci.", { timeout: 30_000 });
    await expect(one.getByRole("article").nth(2)).toContainText("La seconde page a écrit cela.", { timeout: 30_000 });
    await expect(one.getByText(/a modifié ce passage/)).toHaveCount(0);
  }
});

/** Recording in the browser, with Chromium's own beeping microphone: nothing is lost when the page dies in the middle. */
import { expect, test } from "./support/test";

test("a recording that a crash cut off is offered again and becomes a meeting", async ({ context, page, service }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Enregistrer", exact: true }).first().click();
  const dialog = page.getByRole("dialog", { name: "Enregistrer une réunion" });
  await dialog.getByRole("button", { name: "Commencer l’enregistrement" }).click();
  await expect(dialog.getByRole("timer")).toHaveText(/0:0[5-9]/, { timeout: 30_000 });
  await page.close({ runBeforeUnload: false }); // as good as a crash: nothing is told, nothing is finished

  const again = await context.newPage();
  await again.goto("/");
  await expect(again.getByText("Un enregistrement n’a pas été envoyé")).toBeVisible();
  await again.getByRole("button", { name: "Voir", exact: true }).click();
  const recovered = again.getByRole("dialog", { name: /Enregistrement retrouvé|Votre enregistrement/ });
  await recovered.getByRole("button", { name: "Envoyer" }).click();
  const found = async () => (await service.get<{ items: { id: string; media_type: string }[] }>("/api/v1/meetings?q=Enregistrement+du")).items;
  await expect.poll(async () => (await found()).length, { timeout: 30_000 }).toBe(1);
  const [made] = await found();
  await expect.poll(async () => (await service.get<{ status: string }>(`/api/v1/meetings/${made!.id}`)).status, { timeout: 60_000 }).toBe("COMPLETED");
  const { duration_s } = await service.get<{ duration_s: number }>(`/api/v1/meetings/${made!.id}`);
  expect(duration_s).toBeGreaterThan(1.5); // a chunk every two seconds
  await service.send("delete", `/api/v1/meetings/${made!.id}`);
});

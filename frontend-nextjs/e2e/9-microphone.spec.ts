/** Recording in the browser, with Chromium's own beeping microphone: nothing is lost when the page dies in the middle. */
import { expect, test } from "./support/test";

test("a recording that a crash cut off is offered again and becomes a meeting", async ({ context, page, service }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Enregistrer", exact: true }).first().click();
  const dialog = page.getByRole("dialog", { name: "Enregistrer une réunion" });
  await dialog.getByRole("button", { name: "Commencer l’enregistrement" }).click();
  await expect(dialog.getByRole("timer")).toHaveText(/0:(0[4-9]|[1-5]\d)/, { timeout: 30_000 }); // a chunk every two seconds
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
  const duration = async () => (await service.get<{ duration_s: number | null }>(`/api/v1/meetings/${made!.id}`)).duration_s ?? 0;
  await expect.poll(duration, { timeout: 60_000 }).toBeGreaterThan(1.5); // it can be read, and nothing but its last seconds is gone
  await service.send("delete", `/api/v1/meetings/${made!.id}`);
});

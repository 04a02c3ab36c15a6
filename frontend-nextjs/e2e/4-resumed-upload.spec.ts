/** An upload that is cut by a reload goes on by itself, from where it was. */
import { expect, test } from "./support/test";

/** Three chunks of 8 MiB. */
const SECONDS = 200;

test("after a reload in the middle, the upload ends by itself and nothing is sent twice", async ({ page, service }) => {
  test.setTimeout(120_000);
  const sent: { from: number }[] = [];
  let isReloaded = false;
  await page.route("**/api/v1/uploads/*", async (route, request) => {
    if (request.method() !== "PATCH") return route.continue();
    const from = Number(request.headers()["upload-offset"]);
    sent.push({ from });
    if (from === 0 || isReloaded) await route.continue(); // the line is dead after the first chunk, until it is loaded again
  });
  await page.goto("/");
  await page.getByRole("button", { name: "Nouvelle réunion" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Nouvelle réunion" });
  await dialog.locator("input[type=file]").setInputFiles({ name: "longue.wav", mimeType: "audio/wav", buffer: noise(SECONDS) });
  await dialog.getByLabel("Titre").fill("Envoi coupé");
  await dialog.getByRole("button", { name: "Envoyer" }).click();

  await expect.poll(() => sent.length, { timeout: 30_000 }).toBe(2); // the first has arrived, the second is stuck
  page.on("dialog", (asked) => void asked.accept()); // "leave this page?"
  isReloaded = true;
  await page.reload();

  const found = async () => (await service.get<{ items: { id: string; title: string; size_bytes: number }[] }>("/api/v1/meetings?q=Envoi+coup%C3%A9")).items;
  await expect.poll(async () => (await found()).length, { timeout: 90_000 }).toBe(1);
  const [meeting] = await found();
  expect(meeting!.size_bytes).toBe(44 + SECONDS * 96_000);
  const [first, stuck, ...after] = sent;
  expect(first!.from).toBe(0);
  expect(stuck!.from).toBeGreaterThan(0);
  expect(after.map(({ from }) => from), "it goes on where it was").toEqual([stuck!.from, 2 * stuck!.from]);
  await service.send("delete", `/api/v1/meetings/${meeting!.id}`);
});

/** 48 kHz, 16 bit, mono: 96 kB a second of quiet noise. */
function noise(seconds: number): Buffer {
  const size = seconds * 96_000;
  const wav = Buffer.alloc(44 + size);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + size, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(48_000, 24);
  wav.writeUInt32LE(96_000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(size, 40);
  let state = Date.now() % 2 ** 31; // another recording each time: the same one twice would be noticed
  for (let at = 44; at < wav.length; at += 2) {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    wav.writeInt16LE((state >> 20) % 256, at);
  }
  return wav;
}

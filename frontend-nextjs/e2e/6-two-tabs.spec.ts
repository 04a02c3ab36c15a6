/** Two people, or two tabs, at the same line: nobody overwrites the other without knowing. And what one takes away is what
 * one has written. Every test writes into lines of its own, and texts that no test before has written. */
import { readFileSync } from "node:fs";
import type { BrowserContext, Page, Request } from "@playwright/test";
import { world } from "./support/pages";
import type { Service } from "./support/service";
import { COLLEAGUE } from "./support/stack";
import { expect, test } from "./support/test";

test.describe.configure({ timeout: 120_000 });

let number = 0;
const fresh = (text: string) => `${text} (${Date.now().toString(36)}-${(number += 1)})`;

const isEdit = (request: Request) => request.method() === "POST" && /\/meetings\/[^/]+\/edits$/.test(request.url());
const line = (page: Page, place: number) => page.getByRole("article").nth(place);
const field = (page: Page) => page.getByRole("textbox", { name: /^Texte à/ });

async function open(page: Page, meetingId: string): Promise<Page> {
  await page.goto(`/meetings/${meetingId}`);
  await expect(line(page, 9)).toBeVisible();
  return page;
}

async function edit(page: Page, place: number): Promise<void> {
  await line(page, place).hover();
  await line(page, place).getByRole("button", { name: /^Modifier le texte/ }).click();
  await expect(field(page)).toBeFocused();
}

/** Writes and closes; returns when the service has it. */
async function write(page: Page, place: number, text: string): Promise<void> {
  await edit(page, place);
  const saved = page.waitForResponse((answer) => isEdit(answer.request())); // by the button, or by itself if this takes long
  await field(page).fill(text);
  await page.getByRole("button", { name: "Terminé" }).click();
  expect((await saved).status()).toBe(201);
  await expect(field(page)).toHaveCount(0);
}

/** Edits of this page arrive at the service when they are let go. */
async function held(page: Page): Promise<() => void> {
  let letGo = () => undefined as void;
  const isFree = new Promise<void>((done) => (letGo = done));
  await page.route("**/api/v1/meetings/*/edits", async (route, request) => {
    if (isEdit(request)) await isFree;
    await route.continue();
  });
  return letGo;
}

async function colleaguesPage(context: BrowserContext, service: Service): Promise<Page> {
  const colleague = await service.colleague();
  await colleague.lend(context);
  await colleague.close();
  return context.newPage();
}

test("the slower one is told who was faster, sees both texts, and decides", async ({ page, browser, contextOptions, baseURL, service }) => {
  const { meetingId } = await world(service);
  const context = await browser.newContext({ ...contextOptions, baseURL });
  const other = await open(await colleaguesPage(context, service), meetingId);
  await open(page, meetingId);
  const [mine, theirs] = [fresh("Le texte de la première page."), fresh("Le texte de la seconde page.")];
  const letGo = await held(page);

  await edit(page, 6);
  const sent = page.waitForRequest(isEdit);
  await field(page).fill(mine);
  await page.getByRole("button", { name: "Terminé" }).click();
  await sent;
  await write(other, 6, theirs);
  letGo();

  await page.getByRole("button", { name: "Voir", exact: true }).click();
  const panel = page.getByRole("group", { name: "Une correction attend votre décision" });
  await expect(panel.getByRole("alert")).toHaveText(`${COLLEAGUE.name} a modifié ce passage pendant votre saisie.`);
  await expect(panel).toContainText(theirs);
  const kept = page.waitForResponse((answer) => isEdit(answer.request()));
  await panel.getByRole("button", { name: "Garder le mien" }).click();
  expect((await kept).status()).toBe(201);
  await expect(line(page, 6)).toContainText(mine);
  await expect(line(other, 6)).toContainText(mine, { timeout: 30_000 });

  await other.getByRole("button", { name: "Historique des modifications" }).click();
  const history = other.getByRole("dialog");
  for (const text of [mine, theirs]) await expect(history.getByText(text.match(/\((.*)\)/)![1]!).first()).toBeVisible(); // both are on record
  await context.close();
});

for (const who of ["a colleague", "oneself in another tab"] as const) {
  test(`a line that ${who} changes while one writes in it says so`, async ({ page, context, browser, contextOptions, baseURL, service }) => {
    const { meetingId } = await world(service);
    const another = who === "a colleague" ? await browser.newContext({ ...contextOptions, baseURL }) : context;
    const other = await open(who === "a colleague" ? await colleaguesPage(another, service) : await another.newPage(), meetingId);
    await open(page, meetingId);
    const theirs = fresh("Pendant que l’autre écrit.");
    await edit(page, 7);
    await field(page).fill(""); // emptied: not saved before the line is left
    await write(other, 7, theirs);

    const panel = page.getByRole("group", { name: "Une correction attend votre décision" });
    await expect(panel.getByRole("alert")).toHaveText(
      who === "a colleague"
        ? `${COLLEAGUE.name} a modifié ce passage pendant votre saisie.`
        : "Vous avez modifié ce passage dans une autre fenêtre pendant votre saisie ici.",
      { timeout: 30_000 },
    );
    await expect(panel).toContainText("Vous vouliez supprimer ce passage.");
    await panel.getByRole("button", { name: "Garder le texte actuel" }).click();
    await expect(panel).toHaveCount(0);
    await expect(line(page, 7)).toContainText(theirs);
    if (another !== context) await another.close();
  });
}

test("two lines at once are no conflict", async ({ page, context, service }) => {
  const { meetingId } = await world(service);
  await open(page, meetingId);
  const other = await open(await context.newPage(), meetingId);
  const [one, two] = [fresh("La première page a écrit ceci."), fresh("La seconde page a écrit cela.")];
  await edit(page, 8);
  const saved = page.waitForResponse((answer) => isEdit(answer.request()));
  await field(page).fill(one);
  await write(other, 9, two);
  await page.getByRole("button", { name: "Terminé" }).click();
  expect((await saved).status()).toBe(201);
  for (const either of [page, other]) {
    await expect(line(either, 8)).toContainText(one, { timeout: 30_000 });
    await expect(line(either, 9)).toContainText(two, { timeout: 30_000 });
    await expect(either.getByRole("status").filter({ hasText: "Enregistré" })).toBeVisible();
    await expect(either.getByText("À décider")).toHaveCount(0);
  }
});

test("what is taken away waits for what is being written, and says when it cannot", async ({ page, service, troubles }) => {
  const { meetingId } = await world(service);
  await open(page, meetingId);
  const exported: string[] = [];
  page.on("request", (request) => void (request.url().includes("/exports/") && exported.push(request.url())));
  const markdown = async () => {
    await page.getByRole("button", { name: "Exporter" }).click();
    await page.getByRole("menuitem", { name: "Markdown" }).click();
  };
  const download = async (ask: () => Promise<void>) => {
    const [file] = await Promise.all([page.waitForEvent("download"), ask()]);
    return readFileSync(await file.path(), "utf8");
  };

  const text = fresh("Écrit à l’instant.");
  const letGo = await held(page);
  await edit(page, 10);
  const sent = page.waitForRequest(isEdit);
  await field(page).fill(text); // and the field stays open
  const taken = download(markdown);
  await sent;
  await expect(page.getByRole("button", { name: "Exporter" })).toBeDisabled();
  expect(exported).toEqual([]);
  letGo();
  expect(await taken).toContain(text);

  const late = fresh("Écrit sans réseau.");
  await page.unrouteAll({ behavior: "wait" });
  await page.route("**/api/v1/meetings/*/edits", (route, request) => (isEdit(request) ? route.abort() : route.continue()));
  await field(page).fill(late);
  await markdown();
  const told = page.getByRole("alert").filter({ hasText: "Vos dernières corrections n’ont pas encore pu être envoyées" });
  await expect(told).toBeVisible();
  const without = await download(() => told.getByRole("button", { name: "Continuer sans elles" }).click());
  expect(without).toContain(text);
  expect(without).not.toContain(late);

  await page.unrouteAll({ behavior: "wait" });
  expect(await download(markdown)).toContain(late); // the network is back
  expect(troubles.splice(0).filter((one) => !one.includes("net::ERR_FAILED"))).toEqual([]); // those that it was cut off for
});

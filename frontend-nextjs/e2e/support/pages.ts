/** Every page of the product in every state that is worth looking at: what the tests of accessibility and the
 * screenshots go through. */
import { expect, type Page } from "@playwright/test";
import type { Service } from "./service";

export interface Place {
  name: string;
  path: string;
  isOpen?: boolean;
  /** Brings it into the state and waits until it stands still. */
  ready: (page: Page) => Promise<void>;
}

export interface World {
  meetingId: string;
  personId: string;
  failedId: string;
}

/** A meeting with two known people and two strangers, one that failed, two people of the bank. Made once. */
export async function world(service: Service): Promise<World> {
  const people = await service.get<{ items: { id: string; name: string }[] }>("/api/v1/people");
  const personId = people.items.find((one) => one.name === "June")?.id ?? (await service.person("June"));
  if (!people.items.some((one) => one.name === "Allison")) await service.person("Allison");
  const { items } = await service.get<{ items: { id: string; title: string; status: string }[] }>("/api/v1/meetings?limit=100");
  const meetingId =
    items.find((one) => one.title === "Conseil d’administration")?.id ??
    (await service.meeting("Conseil d’administration", undefined, { held_on: "2026-11-20", tags: "conseil,budget" }));
  const failedId = items.find((one) => one.status === "FAILED")?.id ?? (await failed(service));
  return { meetingId, personId, failedId };
}

async function failed(service: Service): Promise<string> {
  const made = await service.send<{ id: string }>("post", "/api/v1/meetings", Buffer.alloc(20_000, "\x00\x01broken"), {
    title: "Enregistrement abîmé",
    file_name: "dictaphone.mp3",
  });
  await expect.poll(async () => (await service.get<{ status: string }>(`/api/v1/meetings/${made.id}`)).status, { timeout: 30_000 }).toBe("FAILED");
  return made.id;
}

export function places({ meetingId, personId, failedId }: World): Place[] {
  const heading = async (page: Page) => {
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  };
  return [
    { name: "sign-in", path: "/sign-in", isOpen: true, ready: heading },
    { name: "welcome", path: "/welcome", isOpen: true, ready: heading },
    {
      name: "meetings",
      path: "/",
      ready: async (page) => {
        await heading(page);
        await expect(page.getByText("Conseil d’administration").first()).toBeVisible();
      },
    },
    {
      name: "meeting",
      path: `/meetings/${meetingId}`,
      ready: async (page) => {
        await heading(page);
        await expect(page.getByText(/Votre appel/).first()).toBeVisible();
      },
    },
    { name: "failed", path: `/meetings/${failedId}`, ready: heading },
    {
      name: "search",
      path: "/search?q=conf%C3%A9rence",
      ready: async (page) => {
        await heading(page);
        await expect(page.locator("mark").first()).toBeVisible();
      },
    },
    {
      name: "voices",
      path: "/voices",
      ready: async (page) => {
        await heading(page);
        await expect(page.getByText("June").first()).toBeVisible();
      },
    },
    { name: "person", path: `/voices/${personId}`, ready: heading },
    { name: "account", path: "/account", ready: heading },
    { name: "admin-users", path: "/admin", ready: heading },
    { name: "admin-queue", path: "/admin?tab=queue", ready: heading },
    { name: "admin-workers", path: "/admin?tab=workers", ready: heading },
    { name: "admin-storage", path: "/admin?tab=storage", ready: heading },
    { name: "admin-models", path: "/admin?tab=models", ready: heading },
    {
      name: "admin-audit",
      path: "/admin?tab=audit",
      ready: async (page) => {
        await heading(page);
        await expect(page.getByRole("button", { name: /^(Vérifier la chaîne|Verify the chain)$/ })).toBeVisible();
        await page.getByRole("button", { name: /^(Vérifier la chaîne|Verify the chain)$/ }).click();
        await expect(page.getByText(/^(Le journal est intact|The log is intact)$/)).toBeVisible();
      },
    },
    { name: "not-found", path: "/nothing/here", ready: async (page) => void (await expect(page.getByRole("link").first()).toBeVisible()) },
  ];
}

/** Where the player is, as it tells a screen reader. */
export async function heardSeconds(page: Page): Promise<number> {
  return Number(await page.getByRole("slider", { name: /Position (dans l’enregistrement|in the recording)/ }).getAttribute("aria-valuenow"));
}

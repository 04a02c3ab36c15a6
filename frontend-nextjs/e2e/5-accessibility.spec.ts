/** axe-core finds nothing on any page, in both themes. (What axe cannot see, the journey by keyboard walks through.) */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { places, world, type World } from "./support/pages";
import { expect, test } from "./support/test";

const NAMES = places({ meetingId: "", personId: "", failedId: "" }).map((place) => place.name);
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** What depends on colours: the rest of the page is the same in the other theme. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"];

let made: World;
test.beforeAll(async ({ service }) => {
  test.setTimeout(240_000);
  made = await world(service);
});

for (const name of NAMES) {
  test(`${name} has no violation in either theme`, async ({ page, context }) => {
    const place = places(made).find((one) => one.name === name)!;
    if (place.isOpen) await context.clearCookies();
    await page.goto(place.path);
    await place.ready(page);
    await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
    const { violations, passes } = await axe(page).withTags(TAGS).analyze();
    expect(passes.length).toBeGreaterThan(10); // it did look at something
    expect(violations.map(told)).toEqual([]);

    await dark(page);
    const again = await axe(page).withRules(OF_COLOURS).analyze();
    expect(again.passes.map(({ id }) => id)).toContain("color-contrast");
    expect(again.violations.map(told)).toEqual([]);
  });
}

/** No page of ours has frames: there is nothing to put together in a page of its own. */
function axe(page: Page): AxeBuilder {
  return new AxeBuilder({ page }).setLegacyMode();
}

/** As the system changes at dusk: the page follows without being loaded again. */
async function dark(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: "dark" });
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
}

function told({ id, nodes }: { id: string; nodes: { html: string }[] }): string {
  return `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`;
}

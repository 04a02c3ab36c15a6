/** axe-core finds nothing on any page, in both themes. (What axe cannot see, the journey by keyboard walks through.) */
import { AxeBuilder } from "@axe-core/playwright";
import { places, world, type World } from "./support/pages";
import { prefer } from "./support/service";
import { expect, test } from "./support/test";

const NAMES = places({ meetingId: "", personId: "", failedId: "" }).map((place) => place.name);

let made: World;
test.beforeAll(async ({ service }) => {
  test.setTimeout(240_000);
  made = await world(service);
});

for (const theme of ["light", "dark"] as const) {
  for (const name of NAMES) {
    test(`${name} has no violation in the ${theme} theme`, async ({ page, context }) => {
      const place = places(made).find((one) => one.name === name)!;
      if (place.isOpen) await context.clearCookies();
      await prefer(page, { theme });
      await page.goto(place.path);
      await place.ready(page);
      const { violations, passes } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
      expect(passes.length).toBeGreaterThan(10); // it did look at something
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`)).toEqual([]);
    });
  }
}

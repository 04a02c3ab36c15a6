/** `npm run screenshots`: every page in both themes and three sizes, as WebP, for `docs/screenshots`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { places, world, type World } from "./support/pages";
import { prefer } from "./support/service";
import { REPOSITORY } from "./support/stack";
import { test } from "./support/test";

const FOLDER = join(REPOSITORY, "docs/screenshots");
const SIZES = { desktop: [1440, 900], tablet: [820, 1180], phone: [390, 844] } as const;

let made: World;
test.beforeAll(async ({ service }) => {
  test.setTimeout(240_000);
  mkdirSync(FOLDER, { recursive: true });
  made = await world(service);
});

for (const theme of ["light", "dark"] as const) {
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    test(`${size}, ${theme}`, async ({ page, context, service }) => {
      test.setTimeout(240_000);
      await page.setViewportSize({ width, height });
      await prefer(page, { theme });
      for (const place of places(made)) {
        if (place.isOpen) await context.clearCookies();
        else await service.lend(context);
        await page.goto(place.path);
        await place.ready(page);
        await page.waitForTimeout(400); // pictures and numbers that count up stand still
        const png = (await page.screenshot()).toString("base64");
        writeFileSync(join(FOLDER, `${place.name}-${size}-${theme}.webp`), Buffer.from(await asWebp(page, png), "base64"));
      }
    });
  }
}

/** The browser itself is the encoder. */
async function asWebp(page: import("@playwright/test").Page, png: string): Promise<string> {
  const blank = await page.context().newPage();
  try {
    return await blank.evaluate(async (source) => {
      const image = new Image();
      image.src = `data:image/png;base64,${source}`;
      await image.decode();
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      canvas.getContext("2d")!.drawImage(image, 0, 0);
      return canvas.toDataURL("image/webp", 0.72).split(",")[1]!;
    }, png);
  } finally {
    await blank.close();
  }
}

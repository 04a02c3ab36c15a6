/** The part of the window where the transcript is read: under what stands at the top, over the player. */

export function readingBand(): { top: number; bottom: number } {
  const header = document.querySelector("[data-find]")?.getBoundingClientRect().bottom ?? (window.innerWidth >= 640 ? 56 : 0);
  const dock = document.querySelector("[data-dock]")?.getBoundingClientRect().top ?? window.innerHeight;
  return { top: Math.max(0, header) + 12, bottom: dock - 16 };
}

/** Scrolls so that an element stands in the upper third, unless it is seen already. */
export function bringIntoBand(element: Element): void {
  const { top, bottom } = readingBand();
  const { top: first, bottom: last } = element.getBoundingClientRect();
  if (first >= top && last <= bottom) return;
  const by = first - (top + (bottom - top) * 0.3);
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches || Math.abs(by) > 1500;
  window.scrollBy({ top: by, behavior: isCalm ? "instant" : "smooth" });
}

export function isInBand(element: Element): boolean {
  const { top, bottom } = readingBand();
  const { top: first, bottom: last } = element.getBoundingClientRect();
  return last > top && first < bottom;
}

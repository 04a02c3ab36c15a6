/** One tab at a time works at a thing: the browser's own locks, which it gives back when a tab dies.
 *
 * Where there are none (pages that are not served over https), a sign of life in the record must do: see `mayTake`.
 */
const STALE_MS = 45_000;

/** Runs `work` once nobody else is at it, and holds the lock until it has ended. */
export function alone(name: string, work: () => Promise<void>): void {
  if (navigator.locks) void navigator.locks.request(`scribe.${name}`, work);
  else void work();
}

export function mayTake(record: { tab: string; touchedAtMs: number }): boolean {
  return Boolean(navigator.locks) || record.tab === thisTab() || Date.now() - record.touchedAtMs > STALE_MS;
}

/** The same before and after a reload. */
export function thisTab(): string {
  let tab = sessionStorage.getItem("scribe.tab");
  if (!tab) {
    tab = newId();
    sessionStorage.setItem("scribe.tab", tab);
  }
  return tab;
}

/** `crypto.randomUUID` is missing where pages are not served over https. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

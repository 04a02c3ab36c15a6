/** Dates of consents: a day that somebody picks, in their own time zone. */

/** Today as a date field wants it. */
export function today(now: Date = new Date()): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/** Noon of that day, or now if it is today (never a moment to come); null: now. */
export function instantOf(day: string, now: Date = new Date()): string | null {
  if (!day || day >= today(now)) return null;
  return new Date(`${day}T12:00:00`).toISOString();
}

/** A moment of a meeting as an address. */

/** Plays at that second when it is opened: a fifth of a second earlier, so that the first word is whole. `find` is marked in the text. */
export function momentAddress(meetingId: string, start_s: number, find?: string): string {
  const at = Math.max(0, Math.floor((start_s - 0.2) * 10) / 10);
  return `/meetings/${meetingId}?t=${at}${find ? `&q=${encodeURIComponent(find)}` : ""}`;
}

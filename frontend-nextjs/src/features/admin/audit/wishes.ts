/** What of the audit log is looked at. */
import type { AuditFilters } from "@/lib/api/audit";

export const AREAS = ["meeting", "transcript", "speaker", "recording", "person", "consent", "voice", "account", "token", "user", "retention", "backup", "audit"] as const;

export interface Wishes {
  /** Of `AREAS`, or empty: all. */
  area: string;
  user: string;
  from: string;
  to: string;
}

export const ALL: Wishes = { area: "", user: "", from: "", to: "" };

/** Some actions are about the same thing and called otherwise. */
const MORE: Record<string, string[]> = { speaker: ["speakers."], recording: ["sample."], voice: ["bank."], account: ["session."] };

/** Days as they are here, both included, as instants. */
export function filtersOf({ area, user, from, to }: Wishes): AuditFilters {
  const midnight = (day: string, later = 0) => {
    const at = new Date(`${day}T00:00:00`);
    at.setDate(at.getDate() + later);
    return at.toISOString();
  };
  return {
    ...(area ? { action: [`${area}.`, ...(MORE[area] ?? [])] } : {}),
    ...(user ? { user } : {}),
    ...(from ? { at_from: midnight(from) } : {}),
    ...(to ? { at_to: midnight(to, 1) } : {}),
  };
}

/** What this browser remembers of listening: where one was in each meeting, how fast, how loud. */

const POSITIONS = "scribe.positions";
const SETTINGS = "scribe.player";
const MEETINGS_KEPT = 200;

export interface Settings {
  rate: number;
  volume: number;
  skipsSilence: boolean;
  showsLanes: boolean;
}

export const RATES = [0.75, 1, 1.25, 1.5, 1.75, 2];
const FIRST: Settings = { rate: 1, volume: 1, skipsSilence: false, showsLanes: false };

function read(key: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // somebody else's text, or storage is forbidden
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // full or forbidden: only convenience is lost
  }
}

export function readSettings(): Settings {
  const told = read(SETTINGS);
  return {
    rate: RATES.includes(told.rate as number) ? (told.rate as number) : FIRST.rate,
    volume: typeof told.volume === "number" && told.volume >= 0 && told.volume <= 1 ? told.volume : FIRST.volume,
    skipsSilence: told.skipsSilence === true,
    showsLanes: told.showsLanes === true,
  };
}

export function writeSettings(settings: Settings): void {
  write(SETTINGS, settings);
}

/** 0: never heard, or heard to the end. */
export function readPosition(meetingId: string): number {
  const at = (read(POSITIONS)[meetingId] as { at_s?: unknown } | undefined)?.at_s;
  return typeof at === "number" && Number.isFinite(at) ? at : 0;
}

export function writePosition(meetingId: string, at_s: number, duration_s: number, now = Date.now()): void {
  const positions = read(POSITIONS) as Record<string, { at_s: number; on: number }>;
  if (at_s < 1 || at_s > duration_s - 3) delete positions[meetingId];
  else positions[meetingId] = { at_s: Math.round(at_s * 10) / 10, on: now };
  const kept = Object.entries(positions).sort(([, one], [, other]) => other.on - one.on);
  write(POSITIONS, Object.fromEntries(kept.slice(0, MEETINGS_KEPT)));
}

/** How loud a microphone is, in numbers. No browser in here. */

/** Below this nothing but the device's own noise is heard. */
export const HEARD_DBFS = -55;
const FLOOR_DBFS = -60;

/** Root mean square of samples in [-1, 1], in dBFS; -100 for digital silence. */
export function dbfs(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
  return power < 1e-10 ? -100 : 10 * Math.log10(power);
}

/** Of a meter that begins at -60 dBFS, 0 to 1. */
export function meter(levelDbfs: number): number {
  return Math.min(1, Math.max(0, (levelDbfs - FLOOR_DBFS) / -FLOOR_DBFS));
}

/** A stopwatch that can be paused. Times in milliseconds. */
export interface Watch {
  beforeMs: number;
  runningSinceMs: number | null;
}

export function elapsedMs(watch: Watch, nowMs: number): number {
  return watch.beforeMs + (watch.runningSinceMs === null ? 0 : nowMs - watch.runningSinceMs);
}

export function stopped(watch: Watch, nowMs: number): Watch {
  return { beforeMs: elapsedMs(watch, nowMs), runningSinceMs: null };
}

export function running(watch: Watch, nowMs: number): Watch {
  return watch.runningSinceMs === null ? { ...watch, runningSinceMs: nowMs } : watch;
}

/** The ending of a file of that type: `audio/webm;codecs=opus` → `webm`. */
export function endingOf(mediaType: string): string {
  if (mediaType.includes("mp4")) return "m4a";
  return mediaType.includes("ogg") ? "ogg" : "webm";
}

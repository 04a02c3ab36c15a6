/** What a browser records in, and how a file of it is called. */

const FORMATS: [string, string][] = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/mp4", "m4a"],
];

/** null: the browser's own choice. */
export function recordingFormat(isSupported: (type: string) => boolean): { type: string; extension: string } | null {
  const found = FORMATS.find(([type]) => isSupported(type));
  return found ? { type: found[0], extension: found[1] } : null;
}

/** Root mean square of samples in [-1, 1], as a share of a meter: −60 dB and less is 0, full scale is 1. */
export function meterLevel(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  if (rms <= 0) return 0;
  return Math.min(1, Math.max(0, 1 + (20 * Math.log10(rms)) / 60));
}

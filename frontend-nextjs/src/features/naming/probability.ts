/** A probability as people say it, and as a figure that does not promise more than is known. */

export type Likelihood = "veryLikely" | "likely" | "possible" | "unlikely";

const LEAST: [number, Likelihood][] = [
  [0.95, "veryLikely"],
  [0.75, "likely"],
  [0.3, "possible"],
];

export function likelihood(probability: number): Likelihood {
  return LEAST.find(([least]) => probability >= least)?.[1] ?? "unlikely";
}

/** Never 0 % and never 100 %: a voice is no fingerprint. */
export function shownShare(probability: number): number {
  return Math.min(0.99, Math.max(0.01, Math.round(probability * 100) / 100));
}

/** Less than this is nobody: a list of improbable names only misleads. */
export const LEAST_SHOWN = 0.05;

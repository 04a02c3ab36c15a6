/** What a run's figures mean: its steps, how fast it is, how long it takes yet. */
import type { Schemas } from "@/lib/api/client";

type Meeting = Schemas["MeetingOut"];
export type Stage = Schemas["Stage"];

/** In their order. */
export const STAGES: readonly Stage[] = ["convert", "diarize", "identify", "transcribe", "fuse"];

export interface Step {
  stage: Stage;
  state: "done" | "active" | "todo";
  /** Of this stage, 0 to 100. */
  percent: number;
  /** What it took; null while it is not over. */
  seconds: number | null;
  /** An earlier run had done it. */
  isReused: boolean;
}

export function stepsOf(meeting: Pick<Meeting, "status" | "stage" | "stage_percent" | "stages">): Step[] {
  const at = meeting.stage ? STAGES.indexOf(meeting.stage) : -1;
  return STAGES.map((stage, number) => {
    const cost = meeting.stages.findLast((one) => one.stage === stage);
    const isActive = number === at && meeting.status === "PROCESSING" && meeting.stage_percent < 100;
    const isDone = !isActive && (number < at || (number === at && meeting.stage_percent >= 100) || meeting.status === "COMPLETED");
    return {
      stage,
      state: isActive ? "active" : isDone ? "done" : "todo",
      percent: isDone ? 100 : isActive ? meeting.stage_percent : 0,
      seconds: isDone ? (cost?.seconds ?? null) : null,
      isReused: isDone && (cost?.is_reused ?? false),
    };
  });
}

/** Before it says anything, a speed needs so much of a run. */
const ENOUGH_S = 5;

/** How many times faster than listening; null where it cannot be said or is nothing to boast of. */
export function speedOf(duration_s: number | null, elapsed_s: number, remaining_s: number | null): number | null {
  if (duration_s === null || remaining_s === null || elapsed_s < ENOUGH_S) return null;
  const speed = duration_s / (elapsed_s + remaining_s);
  if (speed < 1.5) return null;
  return speed < 10 ? Math.round(speed * 2) / 2 : Math.round(speed);
}

/** A time to wait as people say it: the closer, the finer. */
export type Wait = { kind: "moment" } | { kind: "seconds"; seconds: number } | { kind: "minutes"; seconds: number };

export function waitOf(seconds: number): Wait {
  if (seconds < 8) return { kind: "moment" };
  if (seconds < 55) return { kind: "seconds", seconds: Math.ceil(seconds / 10) * 10 };
  return { kind: "minutes", seconds: Math.max(60, Math.round(seconds / 60) * 60) };
}

/** Work beyond which a cancel asks first. */
const MUCH_S = 60;

export function isMuchLost(elapsed_s: number): boolean {
  return elapsed_s >= MUCH_S;
}

/** Whose fault: what is said and which button comes first follows from it. */
export type FailureKind = "recording" | "room" | "models" | "worker" | "bug";

export function failureKind(code: string): FailureKind {
  if (code.startsWith("audio.") || code.startsWith("input.") || code === "option.invalid") return "recording";
  if (code === "resource.exhausted" || code === "engine.crashed" || code === "run.worker_lost") return "room";
  if (code.startsWith("model.") || code === "engine.device_unusable") return "models";
  if (code.endsWith(".unavailable") || code === "engine.card_lost" || code === "run.lease_lost" || code === "artefact.unreadable") return "worker";
  return "bug";
}

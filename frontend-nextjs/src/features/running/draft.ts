/** The text of a run that is under way, as people read it, and when to ask for more of it. */
import type { Schemas } from "@/lib/api/client";

type Meeting = Schemas["MeetingOut"];
type Segment = Schemas["PreviewSegmentOut"];

const STEP_PERCENT = 5;

/** Changes whenever the run may have made something to show. */
export function stepKey(meeting: Pick<Meeting, "run" | "attempt" | "status" | "stage" | "stage_percent" | "stages">): string {
  const { run, attempt, status, stage, stage_percent: percent, stages } = meeting;
  if (stages.some((done) => done.stage === "transcribe")) return [run, attempt, "written"].join("/"); // nothing comes after it
  return [run, attempt, status, stages.length, stage ?? "", Math.floor(percent / STEP_PERCENT)].join("/");
}

export interface Turn {
  /** Of its first line: no two are the same, and it stays when more is written. */
  start: number;
  speaker: string | null;
  language: string;
  text: string;
  /** The one before is the same voice: its name is not said again. */
  goesOn: boolean;
}

/** A turn that is longer becomes paragraphs. */
const PARAGRAPH_S = 60;
const PAUSE_S = 4;

/** Lines of one voice that follow each other, in paragraphs. */
export function turnsOf(segments: readonly Segment[]): Turn[] {
  const turns: Turn[] = [];
  let last: Segment | undefined;
  for (const line of segments) {
    const turn = turns.at(-1);
    if (turn && last && belongs(line, turn, last)) turn.text += ` ${line.text}`;
    else turns.push({ start: line.start, speaker: line.speaker, language: line.language, text: line.text, goesOn: turn?.speaker === line.speaker });
    last = line;
  }
  return turns;
}

function belongs(line: Segment, turn: Turn, last: Segment): boolean {
  if (line.speaker !== turn.speaker || line.language !== turn.language) return false;
  return line.start - turn.start < PARAGRAPH_S && line.start - last.end < PAUSE_S;
}

/** The newest turns; how many are before them. */
export function newest(turns: readonly Turn[], count: number): { shown: Turn[]; hidden: number } {
  const hidden = Math.max(0, turns.length - count);
  return { shown: turns.slice(hidden), hidden };
}

/** Of so many voices, all are in sight. */
const FEW = 6;

/** Who speaks longest first; `others`: those who would push the text out of sight. */
export function byTalkTime<Speaker extends { speech_s: number }>(speakers: readonly Speaker[]): { first: Speaker[]; others: Speaker[] } {
  const sorted = [...speakers].sort((one, two) => two.speech_s - one.speech_s);
  const count = sorted.length > FEW ? FEW - 1 : FEW; // the line that says "others" is one, too
  return { first: sorted.slice(0, count), others: sorted.slice(count) };
}

/** Said to screen readers at most so often. */
const SAY_AGAIN_MS = 30_000;

export function isToSay(until_s: number, said: { until_s: number; at: number }, now: number): boolean {
  return until_s > said.until_s && now - said.at >= SAY_AGAIN_MS;
}

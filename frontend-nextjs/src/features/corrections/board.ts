/** The cached transcript, as the queue of corrections needs it. */
import type { QueryClient } from "@tanstack/react-query";
import { applyChange, type Segment, type Transcript } from "@/features/meeting/model";
import { patched } from "@/features/meeting/segments";
import { keys } from "@/lib/query";
import { locate, type Line } from "./lines";
import type { Board } from "./queue";

export function readTranscript(client: QueryClient, meetingId: string): Transcript | null {
  return client.getQueryData<Transcript>(keys.transcript(meetingId)) ?? null;
}

/** Around which place a line is worth looking for. */
export function near(segments: readonly Segment[], line: Line | undefined): number {
  if (!line) return 0;
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle]!.start < line.start) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function boardOf(client: QueryClient, meetingId: string): Board {
  const key = keys.transcript(meetingId);
  const segmentsNow = () => readTranscript(client, meetingId)?.segments ?? [];
  const place = (lines: readonly Line[]) => {
    const segments = segmentsNow();
    return lines.length === 0 ? -1 : locate(segments, lines, near(segments, lines[0]));
  };
  return {
    version: () => readTranscript(client, meetingId)?.version ?? 0,
    find: (lines) => {
      const at = place(lines);
      return at < 0 ? null : segmentsNow().slice(at, at + lines.length);
    },
    lay: (lines, laid, version) => {
      const old = readTranscript(client, meetingId);
      if (!old) return false;
      const at = lines.length === 0 ? near(old.segments, laid[0]) : place(lines);
      if (at < 0) return false;
      const change = { from_index: at, num_removed: lines.length, segments: laid.map((segment, offset) => ({ ...segment, index: at + offset })) };
      const segments = patched(old.segments, change);
      client.setQueryData<Transcript>(key, { ...old, version: Math.max(old.version, version ?? 0), num_segments: segments.length, segments });
      return true;
    },
    apply: (change, version) => applyChange(client, meetingId, change, version),
    reread: () => {
      void client.invalidateQueries({ queryKey: key });
      void client.invalidateQueries({ queryKey: keys.speakers(meetingId) });
    },
    nameOf: (label) => segmentsNow().find((segment) => segment.speaker === label)?.name ?? null,
  };
}

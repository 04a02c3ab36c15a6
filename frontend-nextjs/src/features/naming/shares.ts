/** How much each speaker says, as the transcript stands now: after moves, merges and removals. */
import type { Segment } from "@/features/meeting/model";
import type { Speaker } from "@/lib/api/speakers";

export interface Talker {
  speaker: Speaker;
  seconds: number;
  /** Of all speech, 0 to 1. */
  share: number;
  num_segments: number;
}

/** Most talkative first. Who says nothing any more, after a merge, is left out. */
export function talkers(speakers: readonly Speaker[], segments: readonly Segment[]): Talker[] {
  const said = new Map<string, { seconds: number; count: number }>();
  for (const { speaker, start, end } of segments) {
    if (speaker === null) continue;
    const so_far = said.get(speaker) ?? { seconds: 0, count: 0 };
    said.set(speaker, { seconds: so_far.seconds + Math.max(0, end - start), count: so_far.count + 1 });
  }
  const all = [...said.values()].reduce((sum, { seconds }) => sum + seconds, 0);
  return speakers
    .map((speaker) => {
      const { seconds, count } = said.get(speaker.label) ?? { seconds: 0, count: 0 };
      return { speaker, seconds, share: all > 0 ? seconds / all : 0, num_segments: count };
    })
    .filter(({ num_segments }) => num_segments > 0)
    .toSorted((one, other) => other.seconds - one.seconds);
}

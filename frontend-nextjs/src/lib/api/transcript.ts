/** The transcript: all of its lines at once without words, words of those that are looked at, edits laid over it.
 *
 * Owns what is cached of it. Nothing is read twice: when an event says that it changed, its version is asked first, and an
 * edit's answer brings the version with the lines it changed.
 */
import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback, useRef } from "react";
import { merged, missingWords, patched, withWords, type Change, type Segment } from "@/features/meeting/segments";
import { keys } from "@/lib/query";
import { answer, api, isApiError, type Schemas } from "./client";

type Out = Schemas["TranscriptOut"];

export interface Transcript extends Omit<Out, "segments" | "next"> {
  segments: Segment[];
}

const ALL = 20_000;
/** Lines whose words are read in one request. */
const WORDS_AT_ONCE = 120;
/** An own edit is told by the stream and by its answer, which brings the lines: the answer may come first. */
const AFTER_EVENT_MS = 400;

async function page(meeting_id: string, query: { words: boolean; limit: number; cursor?: string; from_s?: number; to_s?: number }, signal?: AbortSignal): Promise<Out> {
  return answer(api.GET("/api/v1/meetings/{meeting_id}/transcript", { params: { path: { meeting_id }, query }, signal }));
}

function isSame(one: Pick<Transcript, "run" | "published_at" | "version">, other: Pick<Transcript, "run" | "published_at" | "version">): boolean {
  return one.run === other.run && one.published_at === other.published_at && one.version === other.version;
}

async function readAll(id: string, signal?: AbortSignal): Promise<Transcript> {
  const { next, ...first } = await page(id, { words: false, limit: ALL }, signal);
  const segments = [...first.segments];
  for (let cursor = next; cursor; ) {
    const following = await page(id, { words: false, limit: ALL, cursor }, signal);
    segments.push(...following.segments);
    cursor = following.next;
  }
  return { ...first, segments };
}

async function read(client: QueryClient, id: string, signal: AbortSignal): Promise<Transcript> {
  const cached = () => client.getQueryData<Transcript>(keys.transcript(id));
  if (!cached()) return readAll(id, signal);
  await new Promise((resolve) => setTimeout(resolve, AFTER_EVENT_MS));
  signal.throwIfAborted();
  const now = await page(id, { words: false, limit: 1 }, signal);
  const known = cached();
  if (known && isSame(known, now)) return known;
  const fresh = await readAll(id, signal);
  const latest = cached();
  if (!latest || latest.run !== fresh.run) return fresh;
  return latest.version > fresh.version ? latest : { ...fresh, segments: merged(latest.segments, fresh.segments) };
}

export function useTranscript(meetingId: string, isThere = true) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: keys.transcript(meetingId),
    queryFn: ({ signal }) => read(client, meetingId, signal),
    enabled: isThere && meetingId !== "",
    structuralSharing: false, // comparing ten thousand lines costs more than drawing thirty
    staleTime: 60_000,
    gcTime: 60_000,
    retry: (count, error) => count < 3 && (!isApiError(error) || error.status === 0 || error.status >= 500 || error.code === "conflict"),
  });
  const needWords = useWords(client, meetingId);
  return { ...query, transcript: query.data ?? null, segments: query.data?.segments ?? NOTHING, speakers: query.data?.speakers ?? NOBODY, version: query.data?.version ?? null, needWords };
}

const NOTHING: Segment[] = [];
const NOBODY: Transcript["speakers"] = [];

/** One request at a time; of what was wished meanwhile only the last counts: the reader has scrolled on. */
function useWords(client: QueryClient, meetingId: string) {
  const work = useRef<{ isBusy: boolean; wish: [number, number] | null }>({ isBusy: false, wish: null });
  return useCallback(
    async (from: number, to: number): Promise<void> => {
      work.current.wish = [from, to];
      if (work.current.isBusy) return;
      work.current.isBusy = true;
      try {
        while (work.current.wish) {
          const wish: [number, number] = work.current.wish;
          work.current.wish = null;
          await readWords(client, meetingId, ...wish);
        }
      } catch (error) {
        if (!isApiError(error)) throw error; // lines are read without words: the next wish tries again
      } finally {
        work.current.isBusy = false;
      }
    },
    [client, meetingId],
  );
}

async function readWords(client: QueryClient, id: string, from: number, to: number): Promise<void> {
  const key = keys.transcript(id);
  const before = client.getQueryData<Transcript>(key);
  const missing = before && missingWords(before.segments, from, Math.min(to, from + WORDS_AT_ONCE));
  if (!before || !missing) return;
  const lines = before.segments.slice(missing.from, missing.to + 1);
  const to_s = lines.reduce((latest, line) => Math.max(latest, line.start), 0) + 0.001;
  const now = await page(id, { words: true, limit: 2000, from_s: Math.max(0, (lines[0]?.start ?? 0) - 0.001), to_s });
  client.setQueryData<Transcript>(key, (old) => {
    const segments = old && withWords(old.segments, now.segments);
    return !old || !segments || segments === old.segments ? old : { ...old, segments };
  });
  const known = client.getQueryData<Transcript>(key);
  if (known && !isSame(known, now)) void client.invalidateQueries({ queryKey: key }, { cancelRefetch: false });
}

/** Lays an edit's answer into the cached transcript without reading it again. Where something else has changed it
 * meanwhile, it is read again. */
export function applyChange(client: QueryClient, meetingId: string, change: Change, version: number): void {
  const key = keys.transcript(meetingId);
  const old = client.getQueryData<Transcript>(key);
  if (!old || version <= old.version) return;
  if (version > old.version + 1) {
    void client.invalidateQueries({ queryKey: key }); // places are those of lines that are not here yet
    return;
  }
  const segments = patched(old.segments, change);
  client.setQueryData<Transcript>(key, { ...old, version, num_segments: segments.length, segments });
}

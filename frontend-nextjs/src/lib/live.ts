"use client";
/** One stream of events for the whole interface, and one for a meeting of somebody else: what the service tells is laid
 * into the cached answers.
 *
 * Owns the connections (`/api/v1/events` and a meeting's, which the browser takes up again by itself with the last id it saw) and what
 * each kind of event changes. A view only reads its query.
 */
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Schemas } from "@/lib/api/client";
import { keys } from "@/lib/query";

type Summary = Schemas["MeetingSummaryOut"];
type Detail = Schemas["MeetingOut"];

interface LiveEvent {
  id: number;
  kind: string;
  meeting_id: string;
  payload: Record<string, unknown>;
}

const KINDS = [
  "meeting.created",
  "meeting.changed",
  "meeting.status",
  "meeting.stage_started",
  "meeting.progress",
  "meeting.stage_finished",
  "meeting.warning",
  "meeting.speakers",
  "meeting.deleted",
  "stream.reset",
];

/** Whether the stream is open. Call it once, in the frame. */
export function useLiveEvents(isSignedIn: boolean): boolean {
  return useStream(isSignedIn ? "/api/v1/events" : null);
}

/** The stream of everything tells of one's own meetings. Somebody else's, which administrators may open, has one of its own. */
export function useMeetingEvents(meetingId: string, isMine: boolean): void {
  useStream(isMine ? null : `/api/v1/meetings/${meetingId}/events`);
}

function useStream(address: string | null): boolean {
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(true);
  useEffect(() => {
    if (address === null) return;
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const heard = (message: MessageEvent<string>) => {
      try {
        take(client, JSON.parse(message.data) as LiveEvent);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
    };
    const connect = () => {
      source = new EventSource(address);
      source.onopen = () => setOpen(true);
      source.onerror = () => {
        setOpen(false);
        if (source?.readyState === EventSource.CLOSED) timer = setTimeout(connect, 3000); // refused: not taken up by itself
      };
      for (const kind of KINDS) source.addEventListener(kind, heard as EventListener);
    };
    connect();
    return () => {
      clearTimeout(timer);
      source?.close();
    };
  }, [address, client]);
  return isOpen;
}

/** Exported for its test. */
export function take(client: QueryClient, event: LiveEvent): void {
  const id = event.meeting_id;
  switch (event.kind) {
    case "meeting.progress":
    case "meeting.stage_started":
      patch(client, id, progressOf(event.payload));
      return;
    case "meeting.speakers":
      for (const key of [keys.speakers(id), keys.transcript(id), keys.edits(id), keys.meeting(id), keys.search]) void client.invalidateQueries({ queryKey: key });
      return;
    case "meeting.deleted":
      client.removeQueries({ queryKey: keys.meeting(id) });
      for (const key of [keys.meetings, keys.search]) void client.invalidateQueries({ queryKey: key });
      return;
    case "stream.reset":
      void client.invalidateQueries();
      return;
    default:
      patch(client, id, progressOf(event.payload));
      void client.invalidateQueries({ queryKey: keys.meeting(id) });
      void client.invalidateQueries({ queryKey: keys.meetings });
      if (event.kind === "meeting.status" && event.payload.status === "COMPLETED") {
        for (const key of [keys.transcript(id), keys.speakers(id), keys.waveform(id), keys.search]) void client.invalidateQueries({ queryKey: key });
      }
  }
}

function progressOf(payload: Record<string, unknown>): Partial<Detail> {
  const known: Partial<Detail> = {};
  if (typeof payload.status === "string") known.status = payload.status as Detail["status"];
  if (typeof payload.stage === "string") known.stage = payload.stage as Detail["stage"];
  if (typeof payload.percent === "number") known.percent = payload.percent;
  if (typeof payload.stage_percent === "number") known.stage_percent = payload.stage_percent;
  if (typeof payload.eta_s === "number") {
    known.remaining_s = payload.eta_s;
    known.estimate = { queue_place: null, starts_in_s: null, remaining_s: payload.eta_s, is_rough: false };
  }
  return known;
}

function patch(client: QueryClient, id: string, change: Partial<Detail>): void {
  const { estimate: _ofDetail, ...summary } = change;
  client.setQueryData<Detail>(keys.meeting(id), (old) => old && { ...old, ...change });
  client.setQueriesData<{ pages: { items: Summary[]; next: string | null }[] }>({ queryKey: keys.meetings }, (old) =>
    old && "pages" in old
      ? { ...old, pages: old.pages.map((page) => ({ ...page, items: page.items.map((item) => (item.id === id ? { ...item, ...summary } : item)) })) }
      : old,
  );
}

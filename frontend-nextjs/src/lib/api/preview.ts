/** What a first run has made so far: voices, and the text as it grows. Asked again when the run has come further. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { keys } from "@/lib/query";
import { answer, api, type Schemas } from "./client";

export type Preview = Schemas["PreviewOut"];

/** Between two requests, however fast the run is. */
export const PAUSE_MS = 3000;

/** Text is there a moment after the progress that tells of it. */
const ASKED_FOR_A_STEP = 2;

/** `step`: how far the run is; another one is a reason to ask again. */
export function usePreview({ id, run }: Pick<Schemas["MeetingOut"], "id" | "run">, step: string) {
  const query = useQuery({
    queryKey: keys.preview(id, run),
    queryFn: ({ signal }) => answer(api.GET("/api/v1/meetings/{meeting_id}/preview", { params: { path: { meeting_id: id } }, signal })),
    staleTime: PAUSE_MS,
    gcTime: 60_000,
  });
  const { refetch } = query;
  const asked = useRef({ step, times: ASKED_FOR_A_STEP });
  const last = Math.max(query.dataUpdatedAt, query.errorUpdatedAt);
  useEffect(() => {
    if (asked.current.step !== step) asked.current = { step, times: 0 };
    if (asked.current.times >= ASKED_FOR_A_STEP) return;
    const timer = setTimeout(
      () => {
        asked.current.times += 1;
        void refetch();
      },
      Math.max(0, last + PAUSE_MS - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [step, last, refetch]);
  return query;
}
